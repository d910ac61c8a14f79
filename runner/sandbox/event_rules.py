"""Holds the rules by which Braze refuses an event or a purchase.

Pure: must not know the rest of the request, whom an object is about, or HTTP.
"""

from __future__ import annotations

from typing import Any, Final, TypeGuard

from . import ecommerce, properties
from .dates import is_time

# Limits: contract sheet 2.7 and 2.8 (users/track reference, read 2026-09-02).
MAX_NAME = 255
MAX_QUANTITY = 100

_OCCURRENCE: Final = frozenset(
    {
        "external_id",
        "braze_id",
        "user_alias",
        "email",
        "phone",
        "app_id",
        "time",
        "properties",
        "_update_existing_only",
    }
)
_EVENT: Final = _OCCURRENCE | {"name"}
_PURCHASE: Final = _OCCURRENCE | {"product_id", "currency", "price", "quantity"}
_EVENT_RESERVED: Final = frozenset({"time", "event_name"})
_PURCHASE_RESERVED: Final = frozenset(
    {"time", "product_id", "quantity", "event_name", "price", "currency"}
)


def event_refusal(sent: dict[str, Any], *, strict: bool) -> str | None:
    """Say why an event is refused, whoever it is about."""
    name = sent.get("name")
    if not _is_name(name):
        return "'name' is required"
    if strict and not sent.keys() <= _EVENT:
        return _unknown(sent, _EVENT)
    if reason := _bad_time(sent):
        return reason
    is_recommended = name.startswith(ecommerce.PREFIX)
    reason = properties.refusal(
        sent.get("properties"),
        reserved=_EVENT_RESERVED,
        may_hold_objects=is_recommended,
        strict=strict,
    )
    if reason is None and strict and is_recommended:
        why = ecommerce.problem(name, sent.get("properties"))
        reason = f"{properties.BAD_PROPERTIES}: {why}" if why else None
    return reason


def purchase_refusal(sent: dict[str, Any], *, strict: bool) -> str | None:
    """Say why a purchase is refused, whoever it is about."""
    if not _is_name(sent.get("product_id")):
        return "'product_id' is required"
    if not ecommerce.is_currency(sent.get("currency")):
        return "'currency' is not valid"
    if not is_number(sent.get("price")):
        return "'price' is not valid"
    quantity = sent.get("quantity", 1)
    if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
        return "'quantity' is not valid"
    if strict and not sent.keys() <= _PURCHASE:
        return _unknown(sent, _PURCHASE)
    return _bad_time(sent) or properties.refusal(
        sent.get("properties"),
        reserved=_PURCHASE_RESERVED,
        most_bytes=properties.MAX_PURCHASE_BYTES,
        strict=strict,
    )


def _bad_time(sent: dict[str, Any]) -> str | None:
    return None if is_time(sent.get("time")) else "'time' is not valid"


def _unknown(sent: dict[str, Any], known: frozenset[str]) -> str:
    """Name keys that Braze would drop: a property beside `properties` is lost."""
    names = ", ".join(repr(name) for name in sorted(sent.keys() - known))
    return f"{names} is not a key of this object"


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def is_number(value: Any) -> bool:
    """Say whether this is a number in JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)
