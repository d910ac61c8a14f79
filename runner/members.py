"""Cuts a record to the fields that a key may see, without reading its numbers.

A number keeps all its digits, since every member stays the text that it was; how long
one is, and how deep an object, is no matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

_read = json.JSONDecoder().raw_decode
_blanks = re.compile(r"[ \t\r\n]*")
_text = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_plain = re.compile(r"[^ \t\r\n,\]}]+")
_bracket = re.compile(rf"{_text.pattern}|[\[\]{{}}]")


def cut(text: str, fields: Collection[str]) -> str:
    """Return the JSON object with only the members that fields names, in its order."""
    kept = [member for name, member, _ in _members(text) if name in fields]
    return "{" + ",".join(kept) + "}"


def cut_list(text: str, fields: Collection[str]) -> str:
    """Return `{"records":[...]}` with each record cut to the fields."""
    for name, _, value in _members(text):
        if name == "records":
            records = [cut(record, fields) for record in _items(value)]
            return '{"records":[' + ",".join(records) + "]}"
    return '{"records":[]}'


def _members(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, `"name":value` and value of each member of an object."""
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        colon = _end(text, at)
        name = json.loads(text[at:colon])
        start = _skip(text, _skip(text, colon) + 1)
        end = _end(text, start)
        yield name, text[at:end], text[start:end]
        at = _next(text, end)


def _items(text: str) -> Iterator[str]:
    """Yield each element of an array."""
    at = _skip(text, 1)
    while text[at] != "]":
        end = _end(text, at)
        yield text[at:end]
        at = _next(text, end)


def _end(text: str, at: int) -> int:
    """Where the value that begins here ends, however long or deep it is.

    Raises ValueError for what is no JSON.
    """
    if text[at] in "{[":
        try:
            return _read(text, at)[1]
        except (ValueError, RecursionError):
            # Python's own reader is three times as quick, and gives up early.
            return _closing(text, at)
    found = (_text if text[at] == '"' else _plain).match(text, at)
    if found is None:
        msg = "no JSON"
        raise ValueError(msg)
    return found.end()


def _closing(text: str, at: int) -> int:
    """Where the object or array that begins here ends."""
    depth = 0
    for found in _bracket.finditer(text, at):
        # A whole text is one find, so that the brackets in it do not count.
        mark = found[0]
        depth += (mark in {"{", "["}) - (mark in {"}", "]"})
        if not depth:
            return found.end()
    msg = "no JSON"
    raise ValueError(msg)


def _next(text: str, at: int) -> int:
    """Where what follows a value begins: past a comma, or at the closing bracket."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _blanks.match(text, at)
    return found.end() if found else at
