"""Reads single Avro values out of a block's bytes.

A reader is a function (bytes, position) -> (value, next position). It checks every
length against the bytes that are there; a position past the end raises IndexError,
which the caller turns into Refused. Values are str, int, float, bool, None, list, dict.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

from .container import Refused

Reader = Callable[[bytes, int], tuple[Any, int]]

_FLOAT = struct.Struct("<f")
_DOUBLE = struct.Struct("<d")
_MOST_BITS = 63


def read_null(_data: bytes, at: int) -> tuple[None, int]:
    """Nothing, in no bytes."""
    return None, at


def read_boolean(data: bytes, at: int) -> tuple[bool, int]:
    """One byte, 0 or 1."""
    byte = data[at]
    if byte > 1:
        msg = "a boolean is neither true nor false"
        raise Refused(msg)
    return byte == 1, at + 1


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag number of at most 64 bits."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at
    number = byte & 0x7F
    bits = 7
    while byte >= 0x80:
        if bits > _MOST_BITS:
            msg = "a number has more than 64 bits"
            raise Refused(msg)
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << bits
        bits += 7
    if number >> 64:
        msg = "a number has more than 64 bits"
        raise Refused(msg)
    return (number >> 1) ^ -(number & 1), at


def read_float(data: bytes, at: int) -> tuple[float | None, int]:
    """32 bits by their shortest decimal: 19.99, not 19.989999771118164."""
    found = _bytes(data, at, 4)
    value = _FLOAT.unpack(found)[0]
    if not math.isfinite(value):
        return None, at + 4
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if abs(short) <= _LARGEST_FLOAT and _FLOAT.pack(short) == found:
            return short, at + 4
    return float(f"{value:.9g}"), at + 4


_LARGEST_FLOAT = 3.4028234663852886e38


def read_double(data: bytes, at: int) -> tuple[float | None, int]:
    """64 bits; what is no number (NaN, infinity) has no place in JSON: null."""
    value = _DOUBLE.unpack(_bytes(data, at, 8))[0]
    return (value if math.isfinite(value) else None), at + 8


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """A length and UTF-8."""
    size, at = read_long(data, at)
    try:
        return _bytes(data, at, size).decode(), at + size
    except UnicodeDecodeError:
        msg = "a text is no UTF-8"
        raise Refused(msg) from None


def read_bytes(data: bytes, at: int) -> tuple[str, int]:
    """A length and bytes, as hexadecimal text."""
    size, at = read_long(data, at)
    return _bytes(data, at, size).hex(), at + size


def _bytes(data: bytes, at: int, size: int) -> bytes:
    if size < 0 or at + size > len(data):
        msg = "a value is longer than its block"
        raise Refused(msg)
    return data[at : at + size]


def fixed_reader(size: int) -> Reader:
    """So many bytes, as hexadecimal text."""

    def read(data: bytes, at: int) -> tuple[str, int]:
        return _bytes(data, at, size).hex(), at + size

    return read


def enum_reader(symbols: Sequence[str]) -> Reader:
    """The number of a symbol."""

    def read(data: bytes, at: int) -> tuple[str, int]:
        number, at = read_long(data, at)
        return symbols[_place(number, symbols)], at

    return read


def union_reader(branches: Sequence[Reader]) -> Reader:
    """The number of a branch, then its value."""

    def read(data: bytes, at: int) -> tuple[Any, int]:
        number, at = read_long(data, at)
        return branches[_place(number, branches)](data, at)

    return read


def _place(number: int, choices: Sequence[Any]) -> int:
    if not 0 <= number < len(choices):
        msg = "a value has a type that the schema does not know"
        raise Refused(msg)
    return number


def record_reader(fields: Sequence[tuple[str, Reader]]) -> Reader:
    """The fields in their order."""

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        found = {}
        for name, field in fields:
            found[name], at = field(data, at)
        return found, at

    return read


def array_reader(items: Reader) -> Reader:
    """Blocks of items; the schema has seen to it that an item takes a byte."""

    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        count, at = _count(data, at)
        while count:
            for _ in range(count):
                item, at = items(data, at)
                found.append(item)
            count, at = _count(data, at)
        return found, at

    return read


def map_reader(values: Reader) -> Reader:
    """Blocks of keys and values."""
    pairs = array_reader(record_reader([("key", read_string), ("value", values)]))

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        found, at = pairs(data, at)
        return {pair["key"]: pair["value"] for pair in found}, at

    return read


def _count(data: bytes, at: int) -> tuple[int, int]:
    """The items of the next block; a negative count is followed by a size."""
    count, at = read_long(data, at)
    if count < 0:
        count = -count
        _, at = read_long(data, at)
    if count > len(data) - at:
        msg = "an array claims more items than the block has bytes"
        raise Refused(msg)
    return count, at
