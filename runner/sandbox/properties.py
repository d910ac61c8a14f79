"""Holds the rules for the properties of events and purchases.

Pure: must not know the rest of an object, profiles, or HTTP.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from .dates import looks_like_time

# Limits: contract sheet 2.7 and 2.8 ("event object", read 2026-09-02).
MAX_TEXT = 255
MAX_BYTES = 100 * 1024
MAX_PURCHASE_BYTES = 50 * 1024

BAD_PROPERTIES = "Invalid 'properties' field"

# What one character, and all but the text of one value, can at most cost in JSON.
_MOST_PER_CHARACTER = len(r"\u0000")
_MOST_PER_VALUE = 32
_SURELY_SMALL = MAX_PURCHASE_BYTES // (
    _MOST_PER_VALUE + 2 * MAX_TEXT * _MOST_PER_CHARACTER
)
_NUMBERS: Final = frozenset({int, float, bool})


class _Bad(Exception):
    """A rule that a property breaks."""


def _refuse(why: str) -> NoReturn:
    raise _Bad(why)


def refusal(
    properties: Any,
    *,
    reserved: frozenset[str],
    most_bytes: int = MAX_BYTES,
    may_hold_objects: bool = False,
    strict: bool,
) -> str | None:
    """Say why properties are refused; `strict` adds what Braze says only in prose."""
    if properties is None:
        return None
    if not isinstance(properties, dict) or reserved & properties.keys():
        return BAD_PROPERTIES
    if _is_plain(properties):
        return None
    try:
        size = _check(properties, may_hold_objects=may_hold_objects, strict=strict)
    except _Bad as bad:
        why = str(bad)
        return f"{BAD_PROPERTIES}: {why}" if why else BAD_PROPERTIES
    if size > most_bytes and len(json.dumps(properties)) > most_bytes:
        return BAD_PROPERTIES
    return None


def _is_plain(properties: dict[str, Any]) -> bool:
    """Recognise at once what nearly every event carries: a few plain values."""
    if len(properties) > _SURELY_SMALL:
        return False
    for key, value in properties.items():
        if not 0 < len(key) <= MAX_TEXT or key[0] == "$":
            return False
        kind = type(value)
        if not (len(value) <= MAX_TEXT if kind is str else kind in _NUMBERS):
            return False
    return True


def _check(properties: dict[str, Any], *, may_hold_objects: bool, strict: bool) -> int:
    """Return a size that the JSON cannot exceed; a loop, as orders are many."""
    size = 0
    left: list[tuple[str, Any]] = [("", properties)]
    while left:
        within, value = left.pop()
        is_object = type(value) is dict
        is_nested = value is not properties
        pairs = value.items() if is_object else ((within, item) for item in value)
        for name, inner in pairs:
            if is_object and (not name or len(name) > MAX_TEXT or name[0] == "$"):
                raise _Bad
            kind = type(inner)
            size += _MOST_PER_VALUE + _MOST_PER_CHARACTER * len(name)
            if kind is str:
                size += _MOST_PER_CHARACTER * len(inner)
                if strict:
                    _check_text(inner, name=name, is_nested=is_nested)
            elif kind is dict or kind is list:
                left.append((name, inner))
                if strict and not may_hold_objects and _holds_objects(inner):
                    _refuse(f"{name!r} is an array of objects")
            elif inner is None and strict:
                _refuse(f"{name!r} is null")
    return size


def _holds_objects(value: Any) -> bool:
    return type(value) is list and any(type(item) is dict for item in value)


def _check_text(text: str, *, name: str, is_nested: bool) -> None:
    if len(text) > MAX_TEXT:
        _refuse(f"{name!r} has {len(text)} characters, more than {MAX_TEXT}")
    if is_nested and looks_like_time(text):
        _refuse(f"{name!r} holds a time inside an array or object")
