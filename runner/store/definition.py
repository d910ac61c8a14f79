"""What a collection is: its key, its indexes, its columns and what a miss answers.

The text of a definition is written in SQL (macro `pending_records`), travels with the
pending rows and is kept in the store beside the records.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import StoreError

MOST = 25
"""Records a list index answers where its definition says nothing else."""


@dataclass(frozen=True, slots=True)
class Index:
    """A further way to a record: by a unique value, or to a list in an order."""

    name: str
    is_list: bool = False
    order: tuple[str, ...] = ()
    """Columns, each perhaps followed by ` desc`; nulls come last either way."""
    most: int = MOST
    """Records in one answer."""

    @property
    def directions(self) -> tuple[bool, ...]:
        """For each column of the order, whether it descends."""
        return tuple(each.lower().endswith(" desc") for each in self.order)


@dataclass(frozen=True, slots=True)
class Definition:
    """One collection, as its mart's project defined it at a push."""

    collection: str
    key: str
    """The primary index: the column that names one record."""
    indexes: tuple[Index, ...]
    columns: tuple[str, ...]
    missing: str | None
    """JSON text of the record that a miss answers; None answers 404."""
    cache_seconds: int

    @classmethod
    def read(cls, text: str) -> Definition:
        """Read the JSON text of a definition; raises StoreError for any other."""
        try:
            found = json.loads(text)
            missing = found["missing"]
            return cls(
                collection=_text(found["collection"]),
                key=_text(found["key"]),
                indexes=tuple(_index(each) for each in found["indexes"]),
                columns=tuple(_text(each) for each in found["columns"]),
                missing=None if missing is None else _compact(missing),
                cache_seconds=int(found["cache_seconds"]),
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            msg = (
                f"The definition of a collection cannot be read: {text[:200]!r}. Build "
                "the project with the dbt package of this runner's version."
            )
            raise StoreError(msg) from None

    def text(self) -> str:
        """JSON text that `read` reads back to an equal definition."""
        return _compact(
            {
                "collection": self.collection,
                "key": self.key,
                "indexes": [_index_members(index) for index in self.indexes],
                "columns": self.columns,
                "missing": None if self.missing is None else json.loads(self.missing),
                "cache_seconds": self.cache_seconds,
            }
        )

    def index(self, name: str) -> Index | None:
        """The further index of that name; the key is none of them."""
        return next((index for index in self.indexes if index.name == name), None)


@dataclass(frozen=True, slots=True)
class Version:
    """What one push made of a collection; `number` rises by one with each."""

    number: int
    run_id: str
    pushed_at: datetime
    built_at: datetime
    """When the models were built that the records come from."""
    records: int
    """Records that are answered; tombstones are not counted."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds of a collection."""

    definition: Definition
    version: Version
    previous: Version | None
    """What `roll_back` would bring back; None when that is given up."""
    is_rolled_back: bool


def _index(members: dict[str, Any]) -> Index:
    return Index(
        name=_text(members["name"]),
        is_list=bool(members.get("list", False)),
        order=tuple(_text(each) for each in members.get("order", ())),
        most=int(members.get("most", MOST)),
    )


def _index_members(index: Index) -> dict[str, Any]:
    if not index.is_list:
        return {"name": index.name}
    return {
        "name": index.name,
        "list": True,
        "order": index.order,
        "most": index.most,
    }


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
