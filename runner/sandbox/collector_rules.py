"""Says what is wrong with an event for Movable Ink, as their contract has it.

Must not share a line with the contracts that the runner checks: it is a second opinion.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Any, Final

_DAY: Final = 86_400_000
_OLDEST: Final = 30 * _DAY
# Half an hour: a clock may run ahead of the sandbox's, a zone's difference may not.
_AHEAD: Final = 1_800_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_URL: Final = re.compile(r"https?://\S+")
_HASH_OF_AN_ADDRESS: Final = re.compile(r"[0-9a-f]{32}")
_MEMBERS: Final = frozenset(
    {"type", "event", "user_id", "anonymous_id", "timestamp", "timezone", "properties"}
)

Rule = Callable[[Any], bool]


def refusal(event: Any, *, now: float) -> str | None:
    """Return why an event is refused at `now` (epoch seconds), or None."""
    if not isinstance(event, dict):
        return "an event is an object"
    extra = sorted(event.keys() - _MEMBERS)
    if extra:
        return f"{extra[0]} is not a member of an event"
    return (
        _kind(event)
        or _people(event)
        or _moment(event.get("timestamp"), now * 1000)
        or _zone(event.get("timezone"))
        or _content(event)
    )


def _kind(event: dict[str, Any]) -> str | None:
    match event.get("type"):
        case "identify":
            extra = {"event", "properties"} & event.keys()
            return f"identify has no {min(extra)}" if extra else None
        case "track":
            name = event.get("event")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                return "event is not a name such as product_viewed"
            return "identify is a type of its own" if name == "identify" else None
    return "type is neither track nor identify"


def _people(event: dict[str, Any]) -> str | None:
    for name in ("user_id", "anonymous_id"):
        if name in event and not _is_text(event[name]):
            return f"{name} is not a text"
    anonymous = event.get("anonymous_id", "")
    if "@" in anonymous or _HASH_OF_AN_ADDRESS.fullmatch(anonymous):
        return "anonymous_id looks like an e-mail address or its md5"
    if event["type"] == "identify" and not {"user_id", "anonymous_id"} <= event.keys():
        return "identify needs user_id and anonymous_id"
    if not {"user_id", "anonymous_id"} & event.keys():
        return "user_id and anonymous_id are both missing"
    return None


def _moment(value: Any, now: float) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "timestamp is not a whole number"
    if len(str(value)) == 10:
        return "timestamp is in seconds, not in milliseconds"
    if len(str(value)) != 13:
        return "timestamp does not have 13 digits"
    if value < now - _OLDEST:
        return "timestamp is more than 30 days ago"
    return "timestamp lies in the future" if value > now + _AHEAD else None


def _zone(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return "timezone is missing"
    known = _zones()
    if value not in known if known else "/" not in value:
        return "timezone is not an IANA name"
    return None


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _content(event: dict[str, Any]) -> str | None:
    if event["type"] == "identify":
        return None
    properties = event.get("properties")
    if not isinstance(properties, dict):
        return "properties is not an object"
    needed, known = _CONTRACTS.get(event["event"], ((), {}))
    for name in needed:
        if name not in properties:
            return f"properties.{name} is missing"
    for name, rule in {**known, "meta": _is_object}.items():
        if name in properties and not rule(properties[name]):
            return f"properties.{name} is of another kind than agreed"
    return None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and bool(_URL.fullmatch(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_currency(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[A-Z]{3}", value))


def _is_list_of(value: Any, **rules: Rule) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and all(name in item and rule(item[name]) for name, rule in rules.items())
        for item in value
    )


def _are_categories(value: Any) -> bool:
    return _is_list_of(value, id=_is_text, url=_is_url)


def _are_products(value: Any) -> bool:
    rules: dict[str, Rule] = {
        "id": _is_text,
        "price": _is_number,
        "quantity": _is_count,
    }
    return bool(value) and _is_list_of(value, **rules)


_THING: Final[dict[str, Rule]] = {
    "id": _is_text,
    "title": _is_text,
    "url": _is_url,
    "price": _is_number,
    "quantity": _is_count,
    "categories": _are_categories,
}
_CONTRACTS: Final[dict[str, tuple[tuple[str, ...], dict[str, Rule]]]] = {
    "product_viewed": (("id", "title", "url", "price"), _THING),
    "category_viewed": (("id", "title", "url"), _THING),
    "cart_add": (("id",), _THING),
    "cart_remove": (("id",), _THING),
    "search": (("query",), {"query": _is_text, "url": _is_url}),
    "order_completed": (
        ("id", "revenue", "products"),
        {
            "id": _is_text,
            "revenue": _is_number,
            "currency": _is_currency,
            "products": _are_products,
        },
    ),
}
"""event -> what it must have, and what each member must be."""
