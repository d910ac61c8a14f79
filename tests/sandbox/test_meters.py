"""What is counted: requests, objects, data points, windows, and early callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runner.sandbox import Sandbox
from runner.sandbox.meters import RateWindow, Wait

from .conftest import ORDER, Track, customer, post, tracker

Start = Callable[..., Sandbox]
NOON = 1_800_000_000.0


@pytest.mark.parametrize(
    ("attributes", "points"),
    [
        ({"plan": "gold"}, 1),
        ({"plan": "gold", "level": 1, "first_name": "Ada"}, 3),
        ({"plan": None}, 1),
        ({"first_name": None}, 1),
        ({"email": "ada@example.com"}, 1),
        ({"tags": ["a", "b", "c"]}, 1),
        ({"tags": {"add": ["a", "b"]}}, 2),
        ({"book": {"title": "t", "author": {"name": "n"}}}, 3),
        ({"pets": [{"id": 1}, {"id": 2, "name": "n"}]}, 3),
        ({"at": {"$time": "2026-01-01"}}, 0),
        ({"email_subscribe": "opted_in", "push_subscribe": "subscribed"}, 0),
        ({"subscription_groups": []}, 0),
        ({"_merge_objects": True, "_update_existing_only": False}, 0),
        ({"time_zone": "Mars/Phobos"}, 0),
    ],
    ids=repr,
)
def test_data_points(
    sandbox: Sandbox, track: Track, attributes: dict[str, Any], points: int
) -> None:
    track(customer(**attributes))
    assert sandbox.meters()["data_points"] == points


def test_the_same_value_costs_again(sandbox: Sandbox, track: Track) -> None:
    """Braze does not compare: the sender must."""
    track(customer(plan="gold"), customer(plan="gold"))
    assert sandbox.meters()["data_points"] == 2


def test_an_identifying_email_costs_nothing(sandbox: Sandbox, track: Track) -> None:
    track({"email": "ada@example.com", "plan": "gold"})
    assert sandbox.meters()["data_points"] == 1


def test_an_event_costs_one_but_not_an_ecommerce_event(
    sandbox: Sandbox, track: Track
) -> None:
    track(events=[{"external_id": "a", "time": "2026-01-01", "name": "opened"}, ORDER])
    assert sandbox.meters()["data_points"] == 1


def test_the_sums(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), customer(2), {"bad": 1})
    track(customer(1))
    post(sandbox, "/nowhere")
    assert sandbox.meters() == {
        "requests": 3,
        "objects": 3,
        "data_points": 0,
        "rejected": 1,
        "ignored": 0,
        "rate_limited": 0,
        "early": 0,
        "same_user_in_flight": 1,
        "profiles": 2,
    }


def test_every_request_is_recorded(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), customer(2))
    post(sandbox, "/nowhere")
    kept = [
        {
            name: record[name]
            for name in ("method", "path", "status", "objects", "fault", "early")
        }
        for record in sandbox.requests()
    ]
    assert kept == [
        {
            "method": "POST",
            "path": "/users/track",
            "status": 201,
            "objects": 2,
            "fault": None,
            "early": False,
        },
        {
            "method": "POST",
            "path": "/nowhere",
            "status": 404,
            "objects": 0,
            "fault": None,
            "early": False,
        },
    ]


def test_bodies_are_kept_in_order(sandbox: Sandbox, track: Track) -> None:
    track(customer(1))
    track(customer(2))
    ids = [body["attributes"][0]["external_id"] for body in sandbox.bodies()]
    assert ids == ["customer-1", "customer-2"]


def test_only_the_last_bodies_are_kept(start: Start) -> None:
    sandbox = start(kept_bodies=2)
    send = tracker(sandbox)
    for number in range(3):
        send(customer(number))
    assert len(sandbox.bodies()) == 2


def test_reset_forgets(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    sandbox.reset()
    forgotten = (
        sandbox.profiles(),
        sandbox.requests(),
        sandbox.bodies(),
        set(sandbox.meters().values()),
    )
    assert forgotten == ({}, [], [], {0})


def test_normal_answers_name_the_reset_as_an_epoch_second(start: Start) -> None:
    sandbox = start(rate_limit=(10, 60), clock=lambda: NOON + 0.5)
    headers = tracker(sandbox)(customer()).headers
    told = [headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")]
    assert told == ["10", "9", str(int(NOON) + 60)]


def test_mau_contracts_name_the_seconds_left(start: Start) -> None:
    sandbox = start(rate_limit=(10, 60), dialect="seconds", clock=lambda: NOON + 0.5)
    headers = tracker(sandbox)(customer()).headers
    assert headers["x-ratelimit-reset"] == "60"


def limited(start: Start, dialect: str) -> Any:
    """Return the second answer of a sandbox that allows one request a minute."""
    sandbox = start(rate_limit=(1, 60), dialect=dialect, clock=lambda: NOON + 12.5)
    send = tracker(sandbox)
    send(customer())
    return send(customer())


def test_over_the_rate_the_epoch_is_told(start: Start) -> None:
    answer = limited(start, "epoch")
    assert (answer.status_code, answer.headers["x-ratelimit-reset"]) == (
        429,
        str(int(NOON) + 60),
    )


def test_over_the_rate_mau_contracts_are_told_only_the_wait(start: Start) -> None:
    answer = limited(start, "seconds")
    told = {
        name: value for name, value in answer.headers.items() if "ratelimit" in name
    }
    assert (answer.status_code, told) == (429, {"x-ratelimit-retry-after": "48"})


def test_over_the_rate_nothing_is_applied(start: Start) -> None:
    sandbox = start(rate_limit=(1, 60), clock=lambda: NOON)
    send = tracker(sandbox)
    send(customer(1))
    send(customer(2))
    assert (list(sandbox.profiles()), sandbox.meters()["rate_limited"]) == (
        ["customer-1"],
        1,
    )


def test_reading_back_is_not_limited_with_track(start: Start) -> None:
    sandbox = start(rate_limit=(1, 60), clock=lambda: NOON)
    tracker(sandbox)(customer())
    body = {"external_ids": ["customer-1"], "fields_to_export": ["external_id"]}
    assert post(sandbox, "/users/export/ids", json=body).status_code == 201


def test_a_window_begins_on_the_clock() -> None:
    window = RateWindow(limit=1, seconds=3.0)
    moments = [2.9, 2.95, 3.0, 5.9, 6.0]
    assert [window.take(now).is_over for now in moments] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_who_comes_before_the_wait_is_over_is_early() -> None:
    wait = Wait()
    wait.tell(now=100.0, seconds=2.0)
    moments = [99.0, 100.04, 100.1, 101.9, 102.0]
    early = [wait.is_early(moment) for moment in moments]
    assert early == [False, False, True, True, False]


def test_a_second_429_lengthens_the_wait_without_new_grace() -> None:
    wait = Wait()
    wait.tell(now=100.0, seconds=2.0)
    wait.tell(now=101.0, seconds=2.0)
    early = [wait.is_early(moment) for moment in (101.01, 102.5, 103.0)]
    assert early == [True, True, False]
