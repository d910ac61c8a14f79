"""The sandbox's collector is as strict as the contract, and as bad as a bad day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox
from runner.sandbox.collected import Account

NOW = 1_795_341_600.0
AUTH = {"Authorization": f"Basic {Account().authorization}"}
EVENT: dict[str, Any] = {
    "type": "track",
    "event": "search",
    "user_id": "u1",
    "timestamp": 1_795_341_599_000,
    "timezone": "Europe/Berlin",
    "properties": {"query": "wipes"},
}
IDENTIFY: dict[str, Any] = {
    **{name: EVENT[name] for name in ("user_id", "timestamp", "timezone")},
    "type": "identify",
    "anonymous_id": "a1",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(clock=lambda: NOW) as sandbox:
        yield sandbox


@pytest.fixture
def collector(server: Sandbox) -> Sandbox:
    server.reset()
    server.set_faults(None)
    return server


def send(sandbox: Sandbox, content: Any, **given: Any) -> requests.Response:
    options: dict[str, Any] = {"headers": AUTH, "timeout": 5} | given
    url = options.pop("url", sandbox.collector_url)
    return requests.post(url, json=content, **options)


def without(*names: str, **changes: Any) -> dict[str, Any]:
    """The event without some members, and with others."""
    return {name: EVENT[name] for name in EVENT if name not in names} | changes


def test_one_event_and_many_are_taken(collector: Sandbox) -> None:
    answers = [send(collector, EVENT), send(collector, [EVENT, IDENTIFY])]

    assert [answer.status_code for answer in answers] == [200, 200]
    kinds = [event["type"] for event in collector.collected()]
    assert kinds == ["track", "track", "identify"]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (without("user_id"), "user_id and anonymous_id are both missing"),
        (without(user_id=5), "user_id is not a text"),
        (without(anonymous_id="a@b.c"), "anonymous_id looks like an e-mail address"),
        (without(anonymous_id="0" * 32), "anonymous_id looks like an e-mail address"),
        (without(timestamp="1795341599000"), "timestamp is not a whole number"),
        (without(timestamp=1795341599), "timestamp is in seconds"),
        (without(timestamp=17953415990), "timestamp does not have 13 digits"),
        (without(timestamp=1_792_700_000_000), "timestamp is more than 30 days ago"),
        (without(timestamp=1_795_349_600_000), "timestamp lies in the future"),
        (without(timezone="Mars/Olympus"), "timezone is not an IANA name"),
        (without("timezone"), "timezone is missing"),
        (without(event="Search"), "event is not a name such as product_viewed"),
        (without(event="identify"), "identify is a type of its own"),
        (without(type="page"), "type is neither track nor identify"),
        (without(email="a@b.c"), "email is not a member of an event"),
        (without(properties={}), "properties.query is missing"),
        (without(properties={"query": 5}), "properties.query is of another kind"),
        (
            without(properties={"query": "q", "meta": 1}),
            "properties.meta is of another",
        ),
        (
            without(
                event="product_viewed",
                properties={
                    "id": "1",
                    "title": "t",
                    "url": "http://x",
                    "price": "1.99",
                },
            ),
            "properties.price is of another kind",
        ),
        (IDENTIFY | {"event": "identify"}, "identify has no event"),
        (IDENTIFY | {"anonymous_id": ""}, "anonymous_id is not a text"),
        ("text", "an event is an object"),
    ],
)
def test_what_is_not_as_agreed_is_refused_and_the_batch_with_it(
    collector: Sandbox, event: Any, message: str
) -> None:
    alone, many = send(collector, event), send(collector, [EVENT, event])

    assert (alone.status_code, many.status_code) == (422, 422)
    assert alone.json()["message"].startswith(message)
    assert collector.collected() == []


def test_what_comes_bare_after_its_identify_is_refused(collector: Sandbox) -> None:
    bare = without("user_id", anonymous_id="a1")
    assert send(collector, bare).status_code == 200
    assert send(collector, IDENTIFY).status_code == 200
    answer = send(collector, bare)

    assert answer.status_code == 422
    assert "was identified" in answer.json()["message"]
    assert send(collector, bare | {"user_id": "u1"}).status_code == 200
    assert send(collector, [IDENTIFY | {"anonymous_id": "a2"}, bare]).status_code == 422


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({}, "/behavioral/sandbox-account", 401),
        ({"Authorization": "Basic dTpw"}, "/behavioral/sandbox-account", 401),
        (AUTH, "/behavioral/other", 404),
    ],
)
def test_a_stranger_is_turned_away(
    collector: Sandbox, headers: dict[str, str], path: str, status: int
) -> None:
    answer = send(collector, EVENT, headers=headers, url=collector.url + path)

    assert answer.status_code == status


def test_a_batch_has_its_bounds(collector: Sandbox) -> None:
    assert send(collector, [EVENT] * 1_000).status_code == 200
    assert send(collector, [EVENT] * 1_001).status_code == 400
    assert send(collector, []).status_code == 400
    large = without(properties={"query": "q" * 1_000_000})
    assert send(collector, large).status_code == 413
    raw = {"data": "{", "headers": AUTH | {"Content-Type": "application/json"}}
    assert requests.post(collector.collector_url, timeout=5, **raw).status_code == 400


def test_faults_come_as_they_do_for_braze(collector: Sandbox) -> None:
    collector.set_faults({"script": ["429_epoch", "500", "500_applied", "redirect"]})
    answers = [send(collector, EVENT, allow_redirects=False) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [429, 500, 500, 307]
    assert answers[0].headers["retry-after"] == "1"
    assert len(collector.collected()) == 1


def test_an_answer_takes_its_time() -> None:
    account = Account(seconds=0.05, clock=lambda: NOW)
    with Sandbox(account=account) as sandbox:
        began = time.monotonic()
        send(sandbox, EVENT)

        assert time.monotonic() - began >= 0.05
