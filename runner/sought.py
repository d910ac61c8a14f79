"""A key that somebody asks about, in every form in which the warehouse may hold it.

A key is a person's id or address, or whatever identifies a row: an order, an item, an
event. Pure: values in, SQL and its parameters out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from .masking import shown_key

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
        return [hashlib.sha256(user.encode()).hexdigest() for user in self.users]

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
    def parameters(self) -> dict[str, Any]:
        """What `about_key` compares with."""
        quoted = json.dumps(self.text, ensure_ascii=False)
        return {
            "row_keys": self.row_keys,
            "begins": [f"[{quoted},", f"{self.text}#"],
            "ends": f",{quoted}]",
            "needles": self.needles,
            "fragments": self.fragments,
        }


def about_key(content: str) -> str:
    """A test of a row key and of a JSON text that says what the row is.

    Row keys of two parts are arrays, a purchase in several requests has `#2` behind its
    key. The needles are few, and go first: the fragments are many.
    """
    return f"""
        list_contains($row_keys, row_key)
        or list_bool_or([starts_with(row_key, begin) for begin in $begins])
        or ends_with(row_key, $ends)
        or (
            list_bool_or([
                contains({content} || row_key, needle) for needle in $needles
            ])
            and list_bool_or([
                contains({content}, fragment) or contains(row_key, fragment)
                for fragment in $fragments
            ])
        )
    """
