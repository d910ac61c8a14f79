"""The list of collections that a key may see, with what may be asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..store.access import AccessKey
from ..store.definition import Held


def listing(held: Mapping[str, Held], key: AccessKey) -> dict[str, Any]:
    """Return `{"collections": [...]}`, each with its indexes and columns.

    Indexes are named even where the key may not see their column: they are the way to
    ask, and what a record answers is cut all the same.
    """
    seen = [name for name in held if name in key.collections]
    return {"collections": [_entry(held[name], key) for name in sorted(seen)]}


def _entry(held: Held, key: AccessKey) -> dict[str, Any]:
    definition, version = held.definition, held.version
    fields = key.fields.get(definition.collection)
    columns = definition.columns
    return {
        "collection": definition.collection,
        "indexes": [
            {"name": definition.key, "list": False},
            *({"name": each.name, "list": each.is_list} for each in definition.indexes),
        ],
        "columns": [name for name in columns if fields is None or name in fields],
        "records": version.records,
        "version": version.number,
        "built_at": version.built_at.isoformat(),
    }
