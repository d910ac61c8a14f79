r"""A block's records as lines of text that DuckDB reads: the way into the warehouse.

One line a record: its number, then its columns, parted by \x1f. Nothing is a null, two
\x1d are an empty text, and a value that holds one of the marks stands between \x1d.
Plain texts, nearly all of Currents, go from the block to the line as they are: that is
why this is faster than any library that makes values of them first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .container import Refused
from .schema import ID, Column
from .values import Reader, read_long

SEPARATOR = b"\x1f"
QUOTE = b"\x1d"
NULL = b""
EMPTY = QUOTE + QUOTE
LINE_BYTES = 8 << 20
"""Of one record: the longest line that DuckDB is asked to read."""

_MARKS = re.compile(rb"[\x1f\x1d\r\n]")
_CHUNK = 1_000
"""Records that are in memory as single values at a time."""

# The length of a short text by its first byte; 0 for what needs a closer look:
# no length, a negative one, or one of several bytes.
_SIZES = bytes(byte >> 1 if byte < 0x80 and not byte & 1 else 0 for byte in range(256))

_Text = Callable[[bytes, int], tuple[bytes, int]]


class Lines:
    """Turns the blocks of one file into lines, numbered from `first` on."""

    def __init__(self, columns: Sequence[Column], first: int) -> None:
        self._next = first
        self._width = len(columns)
        self._id = [column.name for column in columns].index(ID)
        self._plan: list[_Text | bool] = [_plan(column) for column in columns]
        self.is_quoted = False
        """Whether a value had to be put between marks, and lines may hold newlines."""
        self.set_aside = 0
        """Events without an id, of which there are no lines."""

    def of(self, data: bytes, count: int) -> Iterator[bytes]:
        """Yield the lines of one block, some hundred at a time, or raise Refused."""
        at = 0
        while count:
            some = min(count, _CHUNK)
            try:
                values, at = _values(self._plan, data, at, some)
            except IndexError:
                raise Refused(_SHORT) from None
            yield self._lines(values)
            count -= some
        if at != len(data):
            msg = "a block holds more bytes than its records"
            raise Refused(msg)

    def _lines(self, values: list[bytes]) -> bytes:
        ids = values[self._id :: self._width]
        if EMPTY in ids or not all(map(bytes.strip, ids)):
            values = self._identified(values, ids)
        rows = len(values) // self._width
        text = self._joined(values)
        if not self._is_plain(text, rows):
            self.is_quoted = True
            text = self._joined([_quoted(value) for value in values])
        self._next += rows
        try:
            text.decode()
        except UnicodeDecodeError:
            msg = "a text is no UTF-8"
            raise Refused(msg) from None
        return text

    def _identified(self, values: list[bytes], ids: Sequence[bytes]) -> list[bytes]:
        """The records without those that nothing tells apart: their id is blank."""
        width = self._width
        kept = [at for at, id_ in enumerate(ids) if id_ is not EMPTY and id_.strip()]
        self.set_aside += len(ids) - len(kept)
        return [each for at in kept for each in values[at * width : (at + 1) * width]]

    def _joined(self, values: list[bytes]) -> bytes:
        width = self._width
        lines = [
            b"%d\x1f%b\n" % (number, SEPARATOR.join(values[start : start + width]))
            for number, start in enumerate(range(0, len(values), width), self._next)
        ]
        if max(map(len, lines), default=0) > LINE_BYTES:
            msg = f"an event is larger than {LINE_BYTES >> 20} MiB"
            raise Refused(msg)
        return b"".join(lines)

    def _is_plain(self, text: bytes, rows: int) -> bool:
        """Whether every mark in the text is ours."""
        return (
            text.count(SEPARATOR) == rows * self._width
            and text.count(b"\n") == rows
            and b"\r" not in text
            and QUOTE not in text
        )


_SHORT = "a block ends in the middle of a record"
_NO_BRANCH = "a value has a type that the schema does not know"


def _values(  # noqa: PLR0912 - a call for each value would double the time
    plan: Sequence[_Text | bool], data: bytes, at: int, count: int
) -> tuple[list[bytes], int]:
    """The next records' values, row by row. Every microsecond of a load is spent here.

    A plan holds True for the union of null and string, False for a string, and a
    function for all else.
    """
    found: list[bytes] = []
    add = found.append
    sizes, end = _SIZES, len(data)
    for _ in range(count):
        for step in plan:
            if step is True:
                branch = data[at]
                if branch == 2:
                    size = sizes[data[at + 1]]
                    if size:
                        start = at + 2
                        at = start + size
                        add(data[start:at])
                    else:
                        value, at = _long_text(data, at + 1)
                        add(value)
                elif branch == 0:
                    at += 1
                    add(NULL)
                else:
                    raise Refused(_NO_BRANCH)
            elif step is False:
                size = sizes[data[at]]
                if size:
                    start = at + 1
                    at = start + size
                    add(data[start:at])
                else:
                    value, at = _long_text(data, at)
                    add(value)
            else:
                value, at = step(data, at)
                add(value)
        if at > end:
            raise Refused(_SHORT)
    return found, at


def _long_text(data: bytes, at: int) -> tuple[bytes, int]:
    """A text whose length is not one byte: empty, long, or a lie."""
    size, at = read_long(data, at)
    if size < 0 or at + size > len(data):
        raise Refused(_SHORT)
    return data[at : at + size] or EMPTY, at + size


def _quoted(value: bytes) -> bytes:
    if value is EMPTY or not _MARKS.search(value):
        return value
    return QUOTE + value.replace(QUOTE, EMPTY) + QUOTE


def _plan(column: Column) -> _Text | bool:
    if column.is_string:
        return column.is_nullable
    text = _text(column.read, _WRITERS[column.type])
    return _nullable(text) if column.is_nullable else text


def _text(read: Reader, write: Callable[[Any], str]) -> _Text:
    """The reader of a column's values as they stand in a line."""

    def text(data: bytes, at: int) -> tuple[bytes, int]:
        value, at = read(data, at)
        return NULL if value is None else (write(value).encode() or EMPTY), at

    return text


def _nullable(text: _Text) -> _Text:
    """The same behind the branch of a union: null or that."""

    def branched(data: bytes, at: int) -> tuple[bytes, int]:
        branch = data[at]
        if branch == 2:
            return text(data, at + 1)
        if branch == 0:
            return NULL, at + 1
        raise Refused(_NO_BRANCH)

    return branched


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


_WRITERS: dict[str, Callable[[Any], str]] = {
    "boolean": ("false", "true").__getitem__,
    "bigint": str,
    "double": repr,
    "varchar": _word,
    "json": _json,
}
