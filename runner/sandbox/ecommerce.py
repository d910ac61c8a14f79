"""Holds what Braze's recommended eCommerce events must carry.

Pure: must not know the rules that every event obeys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

# Contract sheet 2.9 ("eCommerce recommended events", read 2026-09-02). Which error a
# missing property causes is not published; an event without it is of no use.
PREFIX: Final = "ecommerce."

_CURRENCY: Final = re.compile(r"[A-Z]{3}")

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_quantity(value: Any) -> bool:
    return type(value) is int and value > 0


def is_currency(value: Any) -> bool:
    """Say whether this is an alphabetic ISO 4217 code."""
    return isinstance(value, str) and _CURRENCY.fullmatch(value) is not None


def _is_action(value: Any) -> bool:
    return value in ("add", "remove")


def _are_types(value: Any) -> bool:
    allowed = ("price_drop", "back_in_stock")
    return isinstance(value, list) and all(item in allowed for item in value)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_OPTIONAL_OF_PRODUCT: Final[dict[str, Check]] = {
    "image_url": _is_text,
    "product_url": _is_text,
    "metadata": _is_object,
}
_PRODUCT: Final[dict[str, Check]] = {
    "product_id": _is_text,
    "product_name": _is_text,
    "variant_id": _is_text,
    "price": _is_number,
}
_SUM: Final[dict[str, Check]] = {
    "total_value": _is_number,
    "currency": is_currency,
    "source": _is_text,
    "products": _is_list,
}
_ORDER: Final[dict[str, Check]] = {"order_id": _is_text, **_SUM}
_REQUIRED: Final[dict[str, dict[str, Check]]] = {
    "product_viewed": {**_PRODUCT, "currency": is_currency, "source": _is_text},
    "cart_updated": {"cart_id": _is_text, **_SUM},
    "checkout_started": {"checkout_id": _is_text, **_SUM},
    "order_placed": _ORDER,
    "order_refunded": _ORDER,
    "order_cancelled": {**_ORDER, "cancel_reason": _is_text},
}
_OPTIONAL: Final[dict[str, dict[str, Check]]] = {
    "product_viewed": {**_OPTIONAL_OF_PRODUCT, "type": _are_types},
    "cart_updated": {"action": _is_action},
    "checkout_started": {"cart_id": _is_text, "checkout_url": _is_text},
    "order_placed": {
        "cart_id": _is_text,
        "total_discounts": _is_number,
        "discounts": _is_list,
        "metadata": _is_object,
    },
}
_LINE: Final[dict[str, Check]] = {**_PRODUCT, "quantity": _is_quantity}


def problem(name: str, properties: Any) -> str | None:
    """Say what is missing or of a wrong type in a recommended event."""
    kind = name.removeprefix(PREFIX)
    if kind not in _REQUIRED:
        return f"{name!r} is not a recommended event"
    properties = properties if isinstance(properties, dict) else {}
    if wrong := _wrong(properties, _REQUIRED[kind], _OPTIONAL.get(kind, {})):
        return wrong
    if "products" not in _REQUIRED[kind]:
        return None
    for index, line in enumerate(properties["products"]):
        if wrong := _wrong(line, _LINE, _OPTIONAL_OF_PRODUCT):
            return f"products[{index}]: {wrong}"
    return None if properties["products"] else "'products' is empty"


def _wrong(
    value: Any, required: dict[str, Check], optional: dict[str, Check]
) -> str | None:
    if not isinstance(value, dict):
        return "not an object"
    for name, is_good in required.items():
        if name not in value:
            return f"{name!r} is required"
        if not is_good(value[name]):
            return f"{name!r} is not valid"
    for name in optional.keys() & value.keys():
        if not optional[name](value[name]):
            return f"{name!r} is not valid"
    return None
