"""A key that somebody asks about, in every form in which the warehouse may hold it.

A key is a person's id or address, or whatever identifies a row: an order, an item, an
event. Pure: values in, SQL and its parameters out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .masking import shown_key
from .named import user_hash

if TYPE_CHECKING:
    from .warehouse import Session

IDENTIFIERS = ("external_id", "braze_id", "email", "phone", "alias_name", "user_id")
"""Columns that say who somebody is, alone or after a prefix: keep_external_id."""

_LISTS = ("external_ids", "user_ids", "emails", "phones")


@dataclass(frozen=True, slots=True)
class Key:
    """What was asked for, in every form in which it may be written down."""

    text: str

    @property
    def shown(self) -> str:
        """The key on one line; an address is nobody's business."""
        return shown_key(self.text, "")

    @property
    def users(self) -> list[str]:
        """The user keys that it may mean, but for an alias, which needs its label."""
        return [
            f"{kind}:{self.text.lower() if kind == 'email' else self.text}"
            for kind in IDENTIFIERS[:4]
        ]

    @property
    def hashes(self) -> list[str]:
        """The same as the ledger keeps what outlives a person's data."""
        return [user_hash(user) for user in self.users]

    @property
    def fragments(self) -> list[str]:
        """How it stands in the JSON of a payload or of the ledger."""
        quoted = json.dumps(self.text, ensure_ascii=False)
        lower = json.dumps(self.text.lower(), ensure_ascii=False)
        found = [f'"{name}":{quoted}' for name in (*IDENTIFIERS, "id")]
        found += [f'"{name}":[{quoted}' for name in _LISTS]
        found += [f'"email":{lower}', f'"emails":[{lower}']
        return found + [f'_hash":"{each}"' for each in self.hashes]

    @property
    def needles(self) -> list[str]:
        """One of them stands wherever a fragment does."""
        escaped = json.dumps(self.text, ensure_ascii=False)[1:-1]
        return [escaped, escaped.lower(), *self.hashes]

    @property
    def row_keys(self) -> list[str]:
        """Row keys that are the key, or its hash."""
        return [self.text, *self.hashes]

    @property
    def parts(self) -> tuple[list[str], str]:
        """How row keys of several parts begin and end that have it for a part."""
        quoted = json.dumps(self.text, ensure_ascii=False)
        return [f"[{quoted},", f"{self.text}#"], f",{quoted}]"


def about_key(session: Session, key: Key, content: str) -> tuple[str, list[Any]]:
    """A test of a row key and of a JSON text that says what the row is.

    Row keys of two parts are arrays, a purchase in several requests has `#2` behind its
    key. The needles are few, and go first: the fragments are many.
    """
    begins, ends = key.parts
    text = f"(coalesce({content}, '') || ' ' || row_key)"
    tests = [
        session.one_of("row_key"),
        *("left(row_key, length(?)) = ?" for _ in begins),
        "right(row_key, length(?)) = ?",
        f"({_any(text, key.needles)}) and ({_any(text, key.fragments)})",
    ]
    parameters = [
        key.row_keys,
        *(each for begin in begins for each in (begin, begin)),
        *(ends, ends),
        *key.needles,
        *key.fragments,
    ]
    return " or ".join(tests), parameters


def _any(text: str, parts: Sequence[str]) -> str:
    return " or ".join(f"contains({text}, ?)" for _ in parts)
