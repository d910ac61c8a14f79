"""What events and purchases may carry, and what recommended events must."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from runner.sandbox import Sandbox

from .conftest import ORDER, Track, tracker
from .test_objects import EVENT, PURCHASE

Start = Callable[..., Sandbox]
BAD = "Invalid 'properties' field"


def event(**properties: Any) -> dict[str, Any]:
    """Build an event with these properties."""
    return {**EVENT, "properties": properties}


def order(**properties: Any) -> dict[str, Any]:
    """Build an order, some of its properties replaced or, if None, left out."""
    changed = {**ORDER["properties"], **properties}
    kept = {name: value for name, value in changed.items() if value is not None}
    return {**ORDER, "properties": kept}


def line(**values: Any) -> dict[str, Any]:
    """Build a product line, some of its values replaced or, if None, left out."""
    changed = {**ORDER["properties"]["products"][0], **values}
    return {name: value for name, value in changed.items() if value is not None}


@pytest.mark.parametrize(
    "properties",
    [
        {"": 1},
        {"x" * 256: 1},
        {"$a": 1},
        {"inner": {"$time": "2026-01-01"}},
        {"inner": {"": 1}},
        {"time": 1},
        {"event_name": 1},
        {f"k{number}": "x" * 250 for number in range(450)},
        [],
        "text",
    ],
    ids=lambda value: repr(value)[:40],
)
def test_braze_refuses_properties(track: Track, properties: Any) -> None:
    answer = track(events=[{**EVENT, "properties": properties}])
    assert answer.json()["errors"][0]["type"] == BAD


@pytest.mark.parametrize(
    "properties",
    [
        {"text": "x" * 256},
        {"inner": {"text": "x" * 256}},
        {"list": ["2026-01-01T10:00:00Z"]},
        {"inner": {"at": "2026-01-01"}},
        {"nothing": None},
        {"lines": [{"id": 1}]},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_braze_only_advises_against_is_refused_unless_told_otherwise(
    start: Start, properties: dict[str, Any]
) -> None:
    strict, lenient = start(), start(strict=False)
    answers = [tracker(one)(events=[event(**properties)]) for one in (strict, lenient)]
    assert [answer.status_code for answer in answers] == [400, 201]
    assert answers[0].json()["errors"][0]["type"].startswith(f"{BAD}: ")


@pytest.mark.parametrize(
    "properties",
    [
        {"at": "2026-01-01T10:00:00Z", "n": 1.5, "yes": True, "text": "x" * 255},
        {"list": ["a", 1], "inner": {"a": {"b": "c"}}},
        {},
        {"x" * 255: 1},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_good_properties_are_queued(track: Track, properties: dict[str, Any]) -> None:
    assert track(events=[event(**properties)]).status_code == 201


def test_a_property_beside_the_properties_is_refused(track: Track) -> None:
    """Braze would drop it without a word."""
    answer = track(events=[{**EVENT, "movie": "X"}])
    assert "'movie'" in answer.json()["errors"][0]["type"]


@pytest.mark.parametrize(
    "name", ["time", "product_id", "quantity", "event_name", "price", "currency"]
)
def test_a_reserved_purchase_property_is_refused(track: Track, name: str) -> None:
    answer = track(purchases=[{**PURCHASE, "properties": {name: 1}}])
    assert answer.json()["errors"][0]["type"] == BAD


@pytest.mark.parametrize("price", ["9.5", None, True])
def test_a_price_is_a_number(track: Track, price: Any) -> None:
    answer = track(purchases=[{**PURCHASE, "price": price}])
    assert answer.json()["errors"][0]["type"] == "'price' is not valid"


def test_a_refund_is_a_negative_price(sandbox: Sandbox, track: Track) -> None:
    track(purchases=[PURCHASE, {**PURCHASE, "price": -9.5}])
    assert sandbox.profiles()["u"]["purchases"][0]["count"] == 2


def test_an_order_is_queued(sandbox: Sandbox, track: Track) -> None:
    assert track(events=[ORDER]).status_code == 201
    assert sandbox.events() == [{"profile": "a", **ORDER}]


@pytest.mark.parametrize("name", [*ORDER["properties"]])
def test_an_order_needs(track: Track, name: str) -> None:
    answer = track(events=[order(**{name: None})])
    assert answer.json()["errors"][0]["type"] == f"{BAD}: '{name}' is required"


@pytest.mark.parametrize("name", [*ORDER["properties"]["products"][0]])
def test_a_product_line_needs(track: Track, name: str) -> None:
    answer = track(events=[order(products=[line(), line(**{name: None})])])
    wanted = f"{BAD}: products[1]: '{name}' is required"
    assert answer.json()["errors"][0]["type"] == wanted


@pytest.mark.parametrize(
    "properties",
    [
        {"total_value": "19.0"},
        {"currency": "euro"},
        {"order_id": 7},
        {"products": []},
        {"products": {"product_id": "p"}},
        {"products": [line(quantity=1.5)]},
        {"products": [line(price="9.5")]},
        {"total_discounts": "1"},
    ],
    ids=repr,
)
def test_an_order_of_wrong_types_is_refused(
    track: Track, properties: dict[str, Any]
) -> None:
    assert track(events=[order(**properties)]).status_code == 400


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("product_viewed", {**line(quantity=None), "type": ["price_drop"]}),
        ("cart_updated", {"cart_id": "c", "action": "add"}),
        ("checkout_started", {"checkout_id": "c"}),
        ("order_refunded", {"order_id": "o"}),
        ("order_cancelled", {"order_id": "o", "cancel_reason": "late"}),
    ],
)
def test_every_recommended_event_is_known(
    track: Track, name: str, changes: dict[str, Any]
) -> None:
    properties = {**copy.deepcopy(ORDER["properties"]), **changes}
    sent = {**ORDER, "name": f"ecommerce.{name}", "properties": properties}
    assert track(events=[sent]).status_code == 201


def test_an_unknown_recommended_event_is_refused(track: Track) -> None:
    sent = {**ORDER, "name": "ecommerce.order_shipped"}
    assert track(events=[sent]).status_code == 400


def test_an_event_of_the_future_is_dated_now(start: Start) -> None:
    sandbox = start(clock=lambda: 1_800_000_000.0)
    tracker(sandbox)(events=[EVENT, {**EVENT, "time": "2999-01-01T00:00:00Z"}])
    times = [one["time"] for one in sandbox.events()]
    assert times == [EVENT["time"], "2027-01-15T08:00:00.000+00:00"]


def test_every_copy_of_an_event_or_purchase_is_told_in_order(
    sandbox: Sandbox, track: Track
) -> None:
    track(events=[EVENT, {**EVENT, "name": "closed"}], purchases=[PURCHASE])
    track(events=[EVENT], purchases=[PURCHASE])
    told = [(one["profile"], one["name"]) for one in sandbox.events()]
    assert told == [("u", "opened"), ("u", "closed"), ("u", "opened")]
    assert sandbox.purchases() == [{"profile": "u", **PURCHASE}] * 2


def test_a_blocklisted_event_is_silently_ignored(start: Start) -> None:
    sandbox = start(blocklist=["opened"])
    answer = tracker(sandbox)(events=[EVENT])
    assert (answer.status_code, sandbox.events()) == (201, [])
    assert sandbox.meters()["ignored"] == 1
