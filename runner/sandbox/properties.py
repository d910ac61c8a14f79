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
    try:
        size = _check_object(
            properties, may_hold_objects=may_hold_objects, depth=0, strict=strict
        )
    except _Bad as bad:
        why = str(bad)
        return f"{BAD_PROPERTIES}: {why}" if why else BAD_PROPERTIES
    if size > most_bytes and len(json.dumps(properties)) > most_bytes:
        return BAD_PROPERTIES
    return None


def _check_object(
    value: dict[str, Any], *, may_hold_objects: bool, depth: int, strict: bool
) -> int:
    """Return a size that the JSON cannot exceed."""
    size = 0
    for key, inner in value.items():
        if not key or len(key) > MAX_TEXT or key[0] == "$":
            raise _Bad
        kind = type(inner)
        if kind in _NUMBERS:
            size += _MOST_PER_VALUE + _MOST_PER_CHARACTER * len(key)
        else:
            size += _MOST_PER_CHARACTER * len(key)
            size += _check_value(
                inner,
                name=key,
                may_hold_objects=may_hold_objects,
                depth=depth,
                strict=strict,
            )
    return size


def _check_value(
    value: Any, *, name: str, may_hold_objects: bool, depth: int, strict: bool
) -> int:
    if isinstance(value, str):
        if strict:
            _check_text(value, name=name, is_nested=depth > 0)
        return _MOST_PER_VALUE + _MOST_PER_CHARACTER * len(value)
    if isinstance(value, dict):
        return _MOST_PER_VALUE + _check_object(
            value, may_hold_objects=may_hold_objects, depth=depth + 1, strict=strict
        )
    if isinstance(value, list):
        if strict and not may_hold_objects and any(type(x) is dict for x in value):
            _refuse(f"{name!r} is an array of objects")
        return _MOST_PER_VALUE + sum(
            _check_value(
                item,
                name=name,
                may_hold_objects=may_hold_objects,
                depth=depth + 1,
                strict=strict,
            )
            for item in value
        )
    if value is None and strict:
        _refuse(f"{name!r} is null")
    return _MOST_PER_VALUE


def _check_text(text: str, *, name: str, is_nested: bool) -> None:
    if len(text) > MAX_TEXT:
        _refuse(f"{name!r} has {len(text)} characters, more than {MAX_TEXT}")
    if is_nested and looks_like_time(text):
        _refuse(f"{name!r} holds a time inside an array or object")
