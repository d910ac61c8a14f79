"""Holds the rules by which Braze refuses catalogs, fields and items.

Pure: must not know which catalogs there are, nor HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

from .dates import is_time

# Limits: contract sheet 4.2 and 4.3 (catalog endpoints, read 2026-09-02).
MAX_NAME = 250
MAX_TEXT = 5_000
MAX_ARRAY = 100
MAX_DEPTH = 50
MAX_FIELDS = 500
MAX_NEW_FIELDS = 50
MAX_ITEMS = 50

Error = dict[str, Any]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_ARRAY_STEPS: Final = frozenset({"$add", "$remove"})


def error(
    code: str, message: str, *, parameter: str | None = None, value: Any = None
) -> Error:
    """Build one entry of `errors[]`."""
    known = parameter is not None
    return {
        "id": code,
        "message": message,
        "parameters": [parameter] if known else [],
        "parameter_values": [value] if known else [],
    }


def catalog_error(body: Any) -> Error | None:
    """Say what is wrong with the one catalog of a request to create it."""
    catalogs = body.get("catalogs") if isinstance(body, dict) else None
    if not _are_objects(catalogs):
        return error("catalog-array-invalid", "'catalogs' must be an array of objects")
    if len(catalogs) > 1:
        return error("too-many-catalog-atoms", "Only one catalog can be created")
    (catalog,) = catalogs
    fields: Any = catalog.get("fields")
    return (
        _name_error(catalog.get("name"), "invalid-catalog-name", "catalog-name")
        or _description_error(catalog.get("description", ""))
        or fields_error(fields)
        or _first_error(fields)
    )


def fields_error(fields: Any) -> Error | None:
    """Say what is wrong with the definitions of fields."""
    if not isinstance(fields, list) or not fields:
        return error("invalid-fields", "'fields' must be an array of objects")
    if not all(isinstance(one, dict) and {"name", "type"} == {*one} for one in fields):
        return error("invalid-fields", "A field has a 'name' and a 'type' only")
    if wrong := next(filter(None, map(_field_error, fields)), None):
        return wrong
    if len({field["name"] for field in fields}) < len(fields):
        return error("field-names-not-unique", "Field names must be unique")
    if len(fields) > MAX_FIELDS:
        return error("too-many-fields", f"More than {MAX_FIELDS} fields")
    return None


def array_error(body: Any) -> Error | None:
    """Say what is wrong with the list of items as a whole."""
    items = body.get("items") if isinstance(body, dict) else None
    if not _are_objects(items):
        return error("item-array-invalid", "'items' must be an array of objects")
    if len(items) > MAX_ITEMS:
        return error("request-includes-too-many-items", f"More than {MAX_ITEMS} items")
    return None


def id_errors(items: list[dict[str, Any]]) -> list[Error]:
    """Say which ids are missing, malformed or there twice."""
    found = [wrong for item in items if (wrong := _id_error(item)) is not None]
    if found:
        return found
    ids = [item["id"] for item in items]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    return [_named("ids-not-unique", one, parameter="id") for one in twice]


def item_error(
    item: Mapping[str, Any],
    types: Mapping[str, str],
    *,
    item_id: Any,
    may_step: bool = False,
) -> Error | None:
    """Say what is wrong with the values of one item, whose id is told."""
    for name, value in item.items():
        if name == "id":
            continue
        if name not in types:
            return _about_item("invalid-fields", item_id, f"no field {name!r}")
        if value is None:
            continue
        if may_step and types[name] == "array" and _is_step(value):
            continue
        code = TYPES[types[name]](value)
        if code is not None:
            what = f"the value of {name!r}"
            return _about_item(code, item_id, what)
    return None


def _are_objects(items: Any) -> TypeGuard[list[dict[str, Any]]]:
    is_list = isinstance(items, list) and bool(items)
    return is_list and all(isinstance(item, dict) for item in items)


def _field_error(field: dict[str, Any]) -> Error | None:
    kind = field["type"]
    if wrong := _name_error(field["name"], "invalid-field-names", "field-names"):
        return wrong
    is_known = isinstance(kind, str) and kind in TYPES
    return None if is_known else _named("invalid-field-types", kind, parameter="type")


def _name_error(name: Any, invalid: str, what: str) -> Error | None:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        return _named(invalid, name, parameter="name")
    is_long = len(name) > MAX_NAME
    return _named(f"{what}-too-large", name, parameter="name") if is_long else None


def _description_error(text: Any) -> Error | None:
    is_good = isinstance(text, str) and len(text) <= MAX_NAME
    return None if is_good else error("description-too-long", "Description too long")


def _first_error(fields: list[dict[str, Any]]) -> Error | None:
    is_id = fields[0] == {"name": "id", "type": "string"}
    message = "The first field must be 'id', a string"
    return None if is_id else error("id-not-first-column", message)


def _id_error(item: dict[str, Any]) -> Error | None:
    value = item.get("id")
    if value in (None, ""):
        return error("items-missing-ids", "An item has no 'id'")
    if not isinstance(value, str):
        return _named("ids-not-strings", value, parameter="id")
    if len(value) > MAX_NAME:
        return _named("ids-too-large", value, parameter="id")
    if _NAME.fullmatch(value) is None:
        return _named("invalid-ids", value, parameter="id")
    return None


def _named(code: str, value: Any, *, parameter: str) -> Error:
    words = code.replace("-", " ")
    message = f"{words[0].upper()}{words[1:]}: {value!r}"
    return error(code, message, parameter=parameter, value=value)


def _about_item(code: str, item_id: Any, what: str) -> Error:
    """Name the item, as Braze does: which field it is stands in the message alone."""
    words = code.replace("-", " ")
    message = f"{words[0].upper()}{words[1:]}: {what}"
    return error(code, message, parameter="id", value=item_id)


def _is_step(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and value.keys() <= _ARRAY_STEPS
        and all(_array(items) is None for items in value.values())
    )


def _string(value: Any) -> str | None:
    if not isinstance(value, str):
        return "unable-to-coerce-value"
    return "items-too-large" if len(value) > MAX_TEXT else None


def _number(value: Any) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if is_number else "unable-to-coerce-value"


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "unable-to-coerce-value"


def _time(value: Any) -> str | None:
    return None if is_time(value) else "unable-to-coerce-value"


def _array(value: Any) -> str | None:
    if not isinstance(value, list) or len(value) > MAX_ARRAY:
        return "unable-to-coerce-value"
    return next(filter(None, map(_string, value)), None)


def _geo(value: Any) -> str | None:
    is_pair = isinstance(value, list) and len(value) == 2
    if not is_pair or any(_number(number) for number in value):
        return "unable-to-coerce-value"
    longitude, latitude = value
    is_place = abs(longitude) <= 180 and abs(latitude) <= 90
    return None if is_place else "unable-to-coerce-value"


def _object(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "unable-to-coerce-value"
    return _inner(value, depth=1)


def _inner(value: Any, *, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return "too-deep-nesting-in-value-object"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        found = (_inner(item, depth=depth + 1) for item in value)
        return next(filter(None, found), None)
    if not isinstance(value, dict):
        return None
    if any(sign in key for key in value for sign in ".$"):
        return "invalid-keys-in-value-object"
    found = (
        _inner(item, depth=depth + isinstance(item, dict | list))
        for item in value.values()
    )
    return next(filter(None, found), None)


TYPES: Final[dict[str, Callable[[Any], str | None]]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "time": _time,
    "object": _object,
    "array": _array,
    "geo": _geo,
}
