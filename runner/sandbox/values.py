"""Computes what a custom attribute becomes when a value is written to it.

Pure: must not know profiles, requests or clocks, and never changes what it is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from .dates import is_time, looks_like_time

# Limits of the "data types" page of the Braze user guide, read 2026-09-02 (contract
# sheet 2.5); the array length is a dashboard setting, this is its default.
MAX_TEXT = 255
MAX_ARRAY = 500
MAX_JSON_BYTES = 100 * 1024
# So few values cannot be too large, even with every character escaped.
SURELY_SMALL = MAX_JSON_BYTES // (len(r"\u0000") * (MAX_TEXT + 2))

SCALARS: Final = frozenset({str, int, float, bool})
ARRAY_STEPS: Final = frozenset({"add", "remove"})
OBJECT_STEPS: Final = frozenset({"$add", "$remove", "$update"})


class Ignored(Exception):
    """Braze would accept the request and silently not apply this value."""


def ignore(reason: str) -> NoReturn:
    """Give the value up for this reason."""
    raise Ignored(reason)


def write(old: Any, new: Any, *, merge: bool) -> tuple[Any, int]:
    """Return the value after the write and the data points it cost."""
    kind = type(new)
    if kind is str:
        if len(new) > MAX_TEXT:
            ignore(_too_long(new))
        return new, 1
    if kind in SCALARS:
        return new, 1
    if kind is list:
        result, points = _write_list(new)
    else:
        result, points = _write_dict(old, new, merge=merge)
    _check_size(result)
    return result, points


def type_name(value: Any) -> str:
    """Name the type the Braze dashboard would show for a stored value."""
    if isinstance(value, str):
        return "time" if looks_like_time(value) else "string"
    if isinstance(value, list):
        return "array of objects" if value and isinstance(value[0], dict) else "array"
    if isinstance(value, dict):
        return "time" if "$time" in value else "object"
    return "boolean" if isinstance(value, bool) else "number"


def _check_size(result: Any) -> None:
    is_flat = isinstance(result, list) and not (result and isinstance(result[0], dict))
    if is_flat and len(result) <= SURELY_SMALL:
        return
    if len(json.dumps(result)) > MAX_JSON_BYTES:
        ignore(f"larger than {MAX_JSON_BYTES} bytes")


def _too_long(text: str) -> str:
    return f"{len(text)} characters, more than {MAX_TEXT}"


def _write_list(new: list[Any]) -> tuple[list[Any], int]:
    if new and all(isinstance(item, dict) for item in new):
        for item in new:
            _check_object(item)
        # "Array of objects" page of the Braze user guide: creating one costs a data
        # point for each attribute of each object, unlike an array of plain values.
        return new, _count_keys(new)
    return _unique(_scalars(new))[-MAX_ARRAY:], 1


def _write_dict(old: Any, new: dict[str, Any], *, merge: bool) -> tuple[Any, int]:
    keys = new.keys()
    if keys == {"inc"}:
        return _increment(old, new["inc"]), 0
    if keys and keys <= ARRAY_STEPS:
        return _change_array(old, new)
    if keys and keys <= OBJECT_STEPS:
        return _change_objects(old, new, merge=merge)
    _check_object(new)
    if merge and isinstance(old, dict):
        return _merged(old, new), _count_keys(new)
    return new, _count_keys(new)


def _increment(old: Any, by: Any) -> int | float:
    if type(by) is not int:
        ignore("an increment must be an integer")
    if old is not None and type(old) not in {int, float}:
        ignore(f"cannot increment a {type_name(old)}")
    return (old or 0) + by


def _change_array(old: Any, new: dict[str, Any]) -> tuple[list[Any], int]:
    if old is not None and type_name(old) != "array":
        ignore(f"cannot add to or remove from a {type_name(old)}")
    added, removed = _scalars(new.get("add", [])), _scalars(new.get("remove", []))
    gone = {_identity(item) for item in (*added, *removed)}
    kept = [item for item in old or [] if _identity(item) not in gone]
    dropped = {_identity(item) for item in removed}
    kept += [item for item in _unique(added) if _identity(item) not in dropped]
    return kept[-MAX_ARRAY:], len(added) + (1 if removed else 0)


def _change_objects(
    old: Any, new: dict[str, Any], *, merge: bool
) -> tuple[list[Any], int]:
    """Apply `$add`, then `$remove`, then `$update`, however they are ordered."""
    if old is not None and not (isinstance(old, list) and _all_objects(old)):
        ignore(f"cannot change the elements of a {type_name(old)}")
    if "$update" in new and not merge:
        ignore("$update needs _merge_objects")
    added, removed, updated = (
        _objects(new.get(step, [])) for step in ("$add", "$remove", "$update")
    )
    for item in (*added, *(_field(step, "$new_object") for step in updated)):
        _check_object(item)
    result = [*(old or []), *added]
    for step in removed:
        result = [item for item in result if not _matches(item, step)]
    for step in updated:
        change = step["$new_object"]
        result = [
            _merged(item, change) if _matches(item, step) else item for item in result
        ]
    points = _count_keys(added) + len(removed)
    return result, points + sum(_count_keys(step["$new_object"]) for step in updated)


def _matches(item: dict[str, Any], step: dict[str, Any]) -> bool:
    key, wanted = _field(step, "$identifier_key"), _field(step, "$identifier_value")
    return key in item and _identity(item[key]) == _identity(wanted)


def _field(step: dict[str, Any], name: str) -> Any:
    if name not in step:
        ignore(f"{name} is missing")
    return step[name]


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        result[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return result


def _check_object(value: Any) -> None:
    """Refuse the whole attribute for one bad key or value, as Braze does."""
    if not isinstance(value, dict):
        ignore("an element is not an object")
    if "$time" in value:
        if len(value) > 1 or not is_time(value["$time"]):
            ignore("$time is not a time")
        return
    for key, inner in value.items():
        if not key or len(key) > MAX_TEXT or any(sign in key for sign in " .$"):
            ignore(f"the key {key[:40]!r} is not allowed")
        _check_inner(inner)


def _check_inner(value: Any) -> None:
    if value is None:
        ignore("a null inside an object")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        ignore(_too_long(value))
    if isinstance(value, dict):
        _check_object(value)
    elif isinstance(value, list):
        for item in value:
            _check_inner(item)


def _scalars(items: Any) -> list[Any]:
    if not isinstance(items, list):
        ignore("not an array")
    for item in items:
        if type(item) not in SCALARS:
            ignore("an array of values may hold only values")
        if isinstance(item, str) and len(item) > MAX_TEXT:
            ignore(_too_long(item))
    return items


def _objects(items: Any) -> list[dict[str, Any]]:
    if not isinstance(items, list) or not _all_objects(items):
        ignore("not an array of objects")
    return items


def _all_objects(items: Iterable[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _unique(items: list[Any]) -> list[Any]:
    if all(type(item) is str for item in items):
        return list(dict.fromkeys(items))
    return list({_identity(item): item for item in items}.values())


def _identity(item: Any) -> tuple[bool, Any]:
    """Tell true from 1, which Python holds equal."""
    hashable = json.dumps(item) if isinstance(item, dict | list) else item
    return isinstance(item, bool), hashable


def _count_keys(value: Any) -> int:
    if isinstance(value, list):
        return sum(_count_keys(item) for item in value)
    if not isinstance(value, dict) or "$time" in value:
        return 0
    return sum(1 + _count_keys(inner) for inner in value.values())
