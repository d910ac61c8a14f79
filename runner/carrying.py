"""Carries a record over that no row of the mart makes anew. Pure.

A kept record, or one whose new version cannot be sent, was put as the collection was
then. What may leave now, and how records are found now, holds for it as well.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .members import cut

if TYPE_CHECKING:
    from .store.definition import Definition

_read = json.JSONDecoder().raw_decode
_HEAD = re.compile(r'\{(?:"user_key":(?:null|"(?:[^"\\]|\\.)*"),)?"indexes":')
_RECORD = ',"record":'


def carried(payload: str, definition: Definition) -> str:
    """The payload with the columns and the index entries that it may still have.

    No unique index leads to it any more: its value may be somebody else's by now.
    A tombstone stays what it is.
    """
    head = _HEAD.match(payload)
    if head is None:
        return payload
    entries, end = _read(payload, head.end())
    lists = {
        index.name: len(index.order) for index in definition.indexes if index.is_list
    }
    kept = [
        entry
        for entry in entries
        if len(entry) == 3 and lists.get(entry[0]) == len(entry[2])
    ]
    text = payload[end + len(_RECORD) : -1]
    record = cut(text, frozenset(definition.columns))
    said = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    same = payload[head.end() : end] if kept == entries else said
    return f"{head.group()}{same}{_RECORD}{record}}}"
