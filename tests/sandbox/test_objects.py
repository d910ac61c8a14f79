"""Which objects of a request are refused, and what becomes of the others."""

from __future__ import annotations

from typing import Any

import pytest

from runner.sandbox import Sandbox

from .conftest import Track, customer

EMAIL = "The value provided for the 'email' field is not a valid email."
REQUIRED = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
ALIAS = {"alias_name": "n", "alias_label": "l"}
EVENT = {"external_id": "u", "name": "opened", "time": "2026-01-01T10:00:00Z"}
PURCHASE = {
    "external_id": "u",
    "product_id": "p",
    "currency": "EUR",
    "price": 9.5,
    "time": "2026-01-01T10:00:00Z",
}


def without(sent: dict[str, Any], name: str) -> dict[str, Any]:
    """Drop one key."""
    return {key: value for key, value in sent.items() if key != name}


def test_a_bad_object_is_named_by_its_position(track: Track) -> None:
    answer = track(customer(1), customer(2, email="nobody"), customer(3))
    assert answer.json()["errors"] == [
        {"type": EMAIL, "input_array": "attributes", "index": 1}
    ]


def test_a_request_with_a_bad_object_still_answers_201(track: Track) -> None:
    answer = track(customer(1), {"plan": "gold"})
    assert (answer.status_code, answer.json()["attributes_processed"]) == (201, 1)


def test_good_objects_beside_a_bad_one_are_applied(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(1), customer(2, email="nobody"), customer(3))
    assert set(sandbox.profiles()) == {"customer-1", "customer-3"}


def test_a_request_with_only_bad_objects_is_refused_with_its_errors(
    track: Track,
) -> None:
    answer = track({"plan": "gold"})
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 1)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"plan": "gold"}, REQUIRED),
        ({"external_id": ""}, REQUIRED),
        ({"external_id": None}, REQUIRED),
        ({"external_id": True}, REQUIRED),
        ({"external_id": ["a"]}, REQUIRED),
        ({"user_alias": {"alias_name": "n"}}, REQUIRED),
        ({"user_alias": "n"}, REQUIRED),
        ("text", REQUIRED),
        (None, REQUIRED),
        ({"external_id": "é" * 494}, "'external_id' must be fewer than 988 bytes"),
        (customer(email="a@b"), EMAIL),
        (customer(email=""), EMAIL),
        (customer(email="a b@c.de"), EMAIL),
        (customer(email=7), EMAIL),
        ({"email": "a@b"}, EMAIL),
        (customer(email_subscribe="yes"), "BAD_EMAIL_SUBSCRIPTION_STATE"),
        (customer(push_subscribe=["opted_in"]), "BAD_PUSH_SUBSCRIPTION_STATE"),
        (customer(current_location={"longitude": 1}), "BAD_LOCATION_UPDATE"),
        (customer(subscription_groups={}), "BAD_SUBSCRIPTION_GROUP_ARRAY"),
        (customer(subscription_groups=["g"]), "BAD_SUBSCRIPTION_GROUP_HASH"),
        (customer(subscription_groups=[{}]), "BAD_SUBSCRIPTION_GROUP_ID"),
        (
            customer(subscription_groups=[{"subscription_group_id": "g"}]),
            "BAD_SUBSCRIPTION_GROUP_STATE",
        ),
        (
            customer(
                subscription_groups=[
                    {"subscription_group_id": "g", "subscription_state": ["subscribed"]}
                ]
            ),
            "BAD_SUBSCRIPTION_GROUP_STATE",
        ),
        (
            customer(email_subscription_info=1),
            "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO",
        ),
        (customer(push_token_import=True), "BAD_PUSH_TOKEN_IMPORT"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_braze_refuses(track: Track, sent: Any, reason: str) -> None:
    assert track(sent).json()["errors"][0]["type"] == reason


@pytest.mark.parametrize(
    "sent",
    [
        {"external_id": "u", "braze_id": "b"},
        {"external_id": "u", "user_alias": ALIAS},
        {"braze_id": "b", "user_alias": ALIAS},
    ],
)
def test_two_primary_identifiers_are_refused(
    track: Track, sent: dict[str, Any]
) -> None:
    assert track(sent).status_code == 400


@pytest.mark.parametrize(
    "sent",
    [
        {"external_id": "x" * 987},
        {"external_id": 1},
        {"user_alias": ALIAS},
        {"braze_id": "5a4db0c0"},
        {"email": "a@b.co"},
        {"phone": "+390000000"},
        {"push_token_import": True, "push_tokens": [{"app_id": "a", "token": "t"}]},
        customer(email=None),
        customer(email_subscribe="opted_in", push_subscribe="unsubscribed"),
    ],
    ids=repr,
)
def test_braze_accepts(track: Track, sent: dict[str, Any]) -> None:
    assert track(sent).json() == {"message": "success", "attributes_processed": 1}


@pytest.mark.parametrize("name", ["external_id", "name", "time"])
def test_an_event_needs(track: Track, name: str) -> None:
    assert track(events=[without(EVENT, name)]).status_code == 400


@pytest.mark.parametrize(
    "name", ["external_id", "product_id", "currency", "price", "time"]
)
def test_a_purchase_needs(track: Track, name: str) -> None:
    assert track(purchases=[without(PURCHASE, name)]).status_code == 400


@pytest.mark.parametrize("quantity", [0, 101, 1.5, "2"])
def test_a_purchase_of_a_bad_quantity_is_refused(track: Track, quantity: Any) -> None:
    answer = track(purchases=[{**PURCHASE, "quantity": quantity}])
    assert answer.json()["errors"][0]["type"] == "'quantity' is not valid"


@pytest.mark.parametrize("name", ["time", "event_name"])
def test_a_reserved_event_property_is_refused(track: Track, name: str) -> None:
    answer = track(events=[{**EVENT, "properties": {name: 1}}])
    assert answer.json()["errors"][0]["type"] == "Invalid 'properties' field"


def test_an_index_counts_within_its_own_array(track: Track) -> None:
    answer = track(attributes=[customer()], events=[EVENT, {}], purchases=[{}])
    places = [
        (error["input_array"], error["index"]) for error in answer.json()["errors"]
    ]
    assert places == [("events", 1), ("purchases", 0)]


def test_events_are_counted_on_the_profile(sandbox: Sandbox, track: Track) -> None:
    track(events=[EVENT, {**EVENT, "time": "2026-01-02T10:00:00Z"}])
    assert sandbox.profiles()["u"]["custom_events"] == [
        {
            "name": "opened",
            "first": "2026-01-01T10:00:00Z",
            "last": "2026-01-02T10:00:00Z",
            "count": 2,
        }
    ]


def test_a_repeated_event_is_counted_again(sandbox: Sandbox, track: Track) -> None:
    """There is no idempotency key: this is what a careless retry costs."""
    track(events=[EVENT])
    track(events=[EVENT])
    assert len(sandbox.profiles()["u"]["event_log"]) == 2


def test_a_quantity_counts_as_that_many_purchases(
    sandbox: Sandbox, track: Track
) -> None:
    track(purchases=[{**PURCHASE, "quantity": 3}])
    assert sandbox.profiles()["u"]["purchases"][0]["count"] == 3
