"""Index entries as bytes that sort: one entry for each value that leads to a record.

An entry is `index 0 value 0 order.. key length`: all entries of one value stand
together, in their order. The record is within the entry, so that entries of two records
never meet and two records may swap a unique value in one push.

Long names, values and keys are replaced by 0xff, which no UTF-8 text begins with, and
their SHA-256. No entry is longer than the 511 bytes that LMDB takes as a key.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from .blobs import Entries
from .definition import Definition
from .errors import StoreError

_LONG = b"\xff"
_MOST_NAME, _MOST_VALUE, _MOST_KEY = 64, 120, 120
_MOST_TEXT = 60
"""Bytes of a text that an order looks at."""
_MOST_ORDER = 511 - (_MOST_NAME + _MOST_VALUE + _MOST_KEY + 3)
_HALF = 1 << 63
_ALL = (1 << 64) - 1

_NUMBER, _TEXT, _PRESENT, _NULL = b"\x10", b"\x20", b"\x01", b"\xff"
_pack_double = struct.Struct(">d").pack
_pack_pair = struct.Struct(">QQ").pack
_unpack_integer = struct.Struct(">Q").unpack
_INVERTED = bytes(255 - byte for byte in range(256))
_LENGTHS = [bytes((length,)) for length in range(256)]


def record_key(key: str) -> bytes:
    """A record's key as the store's: itself, or its hash where it is long or empty."""
    data = key.encode()
    return data if 0 < len(data) <= _MOST_KEY else _LONG + sha256(data).digest()


def prefix(index: str, value: str) -> bytes:
    """What every entry of that value begins with, and no other entry does."""
    return _part(index, _MOST_NAME) + _part(value, _MOST_VALUE)


def key_of(entry: bytes) -> bytes:
    """The store's key of the record that an entry leads to."""
    return entry[-1 - entry[-1] : -1]


def encoder(definition: Definition) -> Callable[[Entries, bytes], list[bytes]]:
    """Return what makes a payload's entries, and the record's key, into bytes.

    It raises StoreError for an index that the definition does not have.
    """
    plans = {
        index.name: (_part(index.name, _MOST_NAME), index.directions)
        for index in definition.indexes
    }

    def encode(entries: Entries, key: bytes) -> list[bytes]:
        tail = key + _LENGTHS[len(key)]
        try:
            return [_entry(plans, entry, tail) for entry in entries]
        except (LookupError, TypeError, AttributeError, ValueError):
            msg = (
                f"Collection '{definition.collection}': a record's indexes are not "
                "those of the definition. Build the project again."
            )
            raise StoreError(msg) from None

    return encode


def _entry(
    plans: dict[str, tuple[bytes, tuple[bool, ...]]], entry: list[Any], tail: bytes
) -> bytes:
    name, directions = plans[entry[0]]
    order = b""
    if directions:
        if len(entry[2]) != len(directions):
            raise ValueError
        order = b"".join(map(_ordered, entry[2], directions))[:_MOST_ORDER]
    return b"".join((name, _part(entry[1], _MOST_VALUE), order, tail))


def _part(text: str, most: int) -> bytes:
    data = text.encode()
    if 0 < len(data) <= most and 0 not in data:
        return data + b"\0"
    return _LONG + sha256(data).digest()


def _ordered(value: Any, is_descending: bool) -> bytes:  # noqa: FBT001 (called by map)
    """A value as bytes that sort as it does: numbers, then texts, and null last."""
    if value is None:
        return _NULL
    if isinstance(value, int | float):
        data = _NUMBER + _number(value)
    else:
        data = _TEXT + _sortable_text(value) + b"\0"
    return _PRESENT + (data.translate(_INVERTED) if is_descending else data)


def _number(value: float) -> bytes:
    """A number's nearest double, and what an integer beyond 2^53 lacks to it."""
    try:
        nearest = float(value) + 0.0
        rest = float(value - int(nearest)) if isinstance(value, int) else 0.0
    except OverflowError:
        nearest, rest = math.copysign(math.inf, value), 0.0
    return _pack_pair(_sortable(nearest), _sortable(rest))


def _sortable(value: float) -> int:
    """A double's bits as an unsigned integer that sorts as the double does."""
    bits: int = _unpack_integer(_pack_double(value))[0]
    return bits ^ _ALL if bits & _HALF else bits | _HALF


def _sortable_text(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    data = text.encode()[:_MOST_TEXT]
    if 0 in data or 1 in data:
        # 0 ends a text, so that a text sorts before one that it begins.
        data = data.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1")
    return data


def after(begin: bytes) -> bytes:
    """What sorts after everything that begins so, and before all else that does."""
    kept = begin.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,)) if kept else b""
