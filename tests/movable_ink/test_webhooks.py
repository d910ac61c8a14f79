"""Webhook templates, rendered by a Liquid library: right where the page is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from runner.connected_content import Recipient, Workspace
from runner.movable_ink.contracts import contract
from runner.movable_ink.webhooks import written
from runner.sandbox.collector_rules import refusal

from .test_contracts import EVENTS
from .warehouse import ROOT

KNOWN = {"user_id": 'u"1', "braze_id": "b1", "time_zone": "Europe/Berlin"}


def rendered(
    event: str,
    properties: dict[str, Any],
    recipient: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """What Braze would send, parsed; the reason where it sends nothing."""
    template = written(contract(event, ROOT), **options)
    person = Recipient(
        attributes=KNOWN if recipient is None else recipient,
        more={"event_properties": properties},
    )
    found = Workspace().render(template, person)
    return found.abort if found.abort is not None else json.loads(found.text)


def properties_of(event: str) -> dict[str, Any]:
    return dict(contract(event, ROOT).example().get("properties", {}))


@pytest.mark.parametrize("users", ["all", "known"])
@pytest.mark.parametrize("event", EVENTS)
def test_it_is_as_agreed_with_and_without_what_may_be_missing(
    event: str, users: str
) -> None:
    found = contract(event, ROOT)
    whole = properties_of(event)
    required = () if found.is_identify else found.required
    for properties in (whole, {name: whole[name] for name in required}):
        payload = rendered(event, properties, users=users)

        assert found.faults(payload) == []
        assert refusal(payload, now=payload["timestamp"] / 1000) is None
        assert payload["user_id"] == 'u"1'
        assert payload.get("properties", {}).keys() == properties.keys()


def test_a_number_that_came_as_a_text_becomes_one() -> None:
    properties = properties_of("product_viewed") | {
        "price": "1.99",
        "title": 'A "quoted" title',
        "meta": {"color": "green", "size": 5, "new": True, "code": "05"},
    }
    payload = rendered("product_viewed", properties)

    assert payload["properties"] == properties | {"price": 1.99}


def test_the_moment_is_in_milliseconds() -> None:
    timestamp = rendered("search", {"query": "q"})["timestamp"]

    assert isinstance(timestamp, int)
    assert len(str(timestamp)) == 13


def test_a_visitor_goes_by_what_nobody_can_guess() -> None:
    visitor = {"braze_id": "b1"}
    payload = rendered("search", {"query": "q"}, visitor)
    template = written(contract("search", ROOT))

    assert payload["anonymous_id"] == "b1"
    assert "user_id" not in payload
    assert payload["timezone"] == "UTC"
    assert "md5" not in re.sub("(?s){% comment.*endcomment %}", "", template)
    said = "no external id"
    assert rendered("search", {"query": "q"}, visitor, users="known") == said
    assert rendered("identify", {}, visitor) == said


@pytest.mark.parametrize("member", ["id", "title", "url", "price"])
@pytest.mark.parametrize("value", [None, ""])
def test_without_what_must_be_there_nothing_is_sent(member: str, value: Any) -> None:
    missing = properties_of("product_viewed")
    del missing[member]
    said = f"product_viewed without {member}"

    assert rendered("product_viewed", missing) == said
    assert rendered("product_viewed", missing | {member: value}) == said


def test_an_event_of_your_own_has_the_properties_that_you_name() -> None:
    more = {"list": "text", "amount": "number", "gift": "boolean"}
    properties = {"list": "a", "amount": "3", "gift": False, "other": "x"}
    payload = rendered("wishlist_add", properties, more=more)

    assert payload["event"] == "wishlist_add"
    assert payload["properties"] == {"list": "a", "amount": 3, "gift": False}
    assert rendered("wishlist_add", {"list": "a", "amount": 3}, more=more) == (
        "wishlist_add without gift"
    )
    assert rendered("wishlist_add", {})["properties"] == {"meta": {}}
