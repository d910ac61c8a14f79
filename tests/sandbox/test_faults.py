"""What goes wrong on request, and whether the objects were applied nevertheless."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox
from runner.sandbox import faults as faults_module
from runner.sandbox.faults import KINDS, PRESETS

from .conftest import KEY, Track, customer, tracker

Start = Callable[..., Sandbox]
WHOLE = sorted(KINDS.keys() - {"lost_answer", "truncated_json", "lost_items"})


def faulty(start: Start, *kinds: str | None, **options: Any) -> tuple[Sandbox, Track]:
    """Start a sandbox that follows a script."""
    config = {"script": list(kinds), "slow_seconds": 0.05, **options}
    sandbox = start(faults=config)
    return sandbox, tracker(sandbox)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_applies_objects_exactly_when_it_says_so(
    start: Start, kind: str
) -> None:
    sandbox, send = faulty(start, kind)
    try:
        send(*(customer(number) for number in range(8)))
    except requests.RequestException:
        assert kind in {"lost_answer", "truncated_json"}
    assert bool(sandbox.profiles()) is KINDS[kind].is_applied


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        ("429_epoch", 429, '{"message":"Rate limit exceeded"}'),
        ("429_retry_after", 429, '{"message":"Rate limit exceeded"}'),
        ("500", 500, '{"message":"Internal Server Error"}'),
        ("500_applied", 500, '{"message":"Internal Server Error"}'),
        ("503_html", 503, "<html>"),
        ("no_message", 201, "{}"),
        ("202_queued", 202, '{"message":"queued"}'),
        ("slow", 201, '{"message":"success"'),
        ("html_200", 200, "<html>"),
        ("redirect", 307, ""),
        ("413", 413, "Request Entity Too Large"),
        ("423", 423, '{"message":"Locked"}'),
    ],
)
def test_a_fault_is_seen(start: Start, kind: str, status: int, content: str) -> None:
    _, send = faulty(start, kind)
    answer = send(customer())
    assert (answer.status_code, answer.text[: len(content)]) == (status, content)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_fault_is_recorded_with_its_status(start: Start, kind: str) -> None:
    sandbox, send = faulty(start, kind)
    status = send(customer(1), customer(2)).status_code
    (record,) = sandbox.requests()
    assert (record["fault"], record["status"]) == (kind, status)


@pytest.mark.parametrize("kind", ["500", "lost_answer", "429_epoch"])
def test_the_objects_of_a_failed_request_are_counted_in_its_record(
    start: Start, kind: str
) -> None:
    sandbox, send = faulty(start, kind)
    with contextlib.suppress(requests.ConnectionError):
        send(customer(1), customer(2))
    assert [record["objects"] for record in sandbox.requests()] == [2]


def test_a_lost_answer_closes_the_connection(start: Start) -> None:
    _, send = faulty(start, "lost_answer")
    with pytest.raises(requests.ConnectionError):
        send(customer())


def test_a_truncated_answer_ends_in_the_middle(start: Start) -> None:
    """The length promises more than arrives."""
    sandbox = start(faults={"script": ["truncated_json"]})
    answer = requests.post(
        f"{sandbox.url}/users/track",
        json={"attributes": [customer()]},
        headers=KEY,
        timeout=5,
        stream=True,
    )
    part = answer.raw.read1()
    assert 0 < len(part) < int(answer.headers["content-length"])


@pytest.mark.parametrize("kind", ["lost_answer", "truncated_json"])
def test_the_next_request_after_a_broken_connection_is_served(
    start: Start, kind: str
) -> None:
    _, send = faulty(start, kind)
    with pytest.raises(requests.RequestException):
        send(customer())
    assert send(customer()).status_code == 201


def test_partial_errors_name_one_to_three_objects(start: Start) -> None:
    sandbox, send = faulty(start, "partial_errors")
    answer = send(*(customer(number) for number in range(10))).json()
    refused = {f"customer-{error['index']}" for error in answer["errors"]}
    everyone = {f"customer-{number}" for number in range(10)}
    assert 1 <= len(refused) <= 3
    assert set(sandbox.profiles()) == everyone - refused


def test_a_partial_error_leaves_something_applied(start: Start) -> None:
    sandbox, send = faulty(start, *["partial_errors"] * 10)
    for _ in range(10):
        send(customer(1), customer(2))
    assert {record["status"] for record in sandbox.requests()} == {201}


def test_unindexed_errors_have_no_index(start: Start) -> None:
    _, send = faulty(start, "unindexed_errors")
    errors = send(customer(1), customer(2)).json()["errors"]
    assert [set(error) for error in errors] == [{"type"}]


def test_string_errors_are_strings(start: Start) -> None:
    _, send = faulty(start, "string_errors")
    errors = send(customer(1), customer(2)).json()["errors"]
    assert [type(error) for error in errors] == [str]


def test_a_slow_answer_comes_late(start: Start) -> None:
    _, send = faulty(start, "slow")
    began = time.monotonic()
    send(customer())
    assert time.monotonic() - began >= 0.05


def test_a_visit_to_the_redirected_place_is_recorded(start: Start) -> None:
    sandbox, send = faulty(start, "redirect")
    target = send(customer()).headers["location"]
    requests.post(f"{sandbox.url}{target}", timeout=5)
    assert [record["path"] for record in sandbox.requests()] == [
        "/users/track",
        "/sandbox/redirected",
    ]


def test_a_script_is_followed_in_order_and_ends(start: Start) -> None:
    _, send = faulty(start, "500", None, "503_html")
    statuses = [send(customer()).status_code for _ in range(4)]
    assert statuses == [500, 201, 503, 201]


def test_a_fault_of_the_rate_tells_when_the_wait_ends(start: Start) -> None:
    _, send = faulty(start, "429_epoch", wait_seconds=5)
    before = time.time()
    reset = int(send(customer()).headers["x-ratelimit-reset"])
    assert 5 <= reset - before <= 7


def test_who_ignores_a_wait_is_early(start: Start) -> None:
    sandbox, send = faulty(start, "429_retry_after", wait_seconds=30)
    send(customer())
    time.sleep(0.06)
    send(customer())
    assert [record["early"] for record in sandbox.requests()] == [False, True]


def test_no_wait_is_told_when_none_is_configured(start: Start) -> None:
    sandbox, send = faulty(start, "429_retry_after", "429_epoch", wait_seconds=0)
    told = send(customer()).headers["x-ratelimit-retry-after"]
    reset = int(send(customer()).headers["x-ratelimit-reset"])
    assert (told, reset <= time.time(), sandbox.meters()["early"]) == ("0", True, 0)


def kinds_drawn(start: Start, seed: int) -> list[str | None]:
    """Send fifty requests through a storm."""
    rates = {"500": 0.3, "413": 0.3}
    sandbox = start(faults={"seed": seed, "rates": rates})
    send = tracker(sandbox)
    for _ in range(50):
        send(customer())
    return [record["fault"] for record in sandbox.requests()]


def test_a_seed_repeats(start: Start) -> None:
    assert kinds_drawn(start, 7) == kinds_drawn(start, 7)


def test_another_seed_differs(start: Start) -> None:
    assert kinds_drawn(start, 7) != kinds_drawn(start, 8)


def test_rates_are_met() -> None:
    drawn = faults_module.read({"seed": 1, "rates": {"500": 0.2, "413": 0.1}})
    kinds = [faults_module.draw(drawn, "/users/track") for _ in range(10_000)]
    assert [round(kinds.count(kind) / 10_000, 1) for kind in ("500", "413")] == [
        0.2,
        0.1,
    ]


def test_the_storm_is_twelve_percent_of_requests_over_all_common_kinds() -> None:
    rates = PRESETS["storm"]["rates"]
    common = KINDS.keys() - {"423", "lost_items"}
    assert (set(rates), round(sum(rates.values()), 6)) == (common, 0.12)


def test_reading_back_is_spared(start: Start) -> None:
    sandbox = start(faults={"rates": {"500": 1}})
    body = {"external_ids": ["a"], "fields_to_export": ["email"]}
    answer = requests.post(
        f"{sandbox.url}/users/export/ids", json=body, headers=KEY, timeout=5
    )
    assert answer.status_code == 201


def test_paths_choose_what_goes_wrong(start: Start) -> None:
    _, send = faulty(start, "500", paths=["/users/export/ids"])
    assert send(customer()).status_code == 201


@pytest.mark.parametrize(
    "poisoned",
    [
        {"external_id": "customer-13"},
        {"email": "customer-13@example.com"},
        {"user_alias": {"alias_name": "customer-13", "alias_label": "l"}},
    ],
    ids=repr,
)
def test_a_poisoned_object_fails_the_whole_request(
    start: Start, poisoned: dict[str, Any]
) -> None:
    sandbox, send = faulty(start, poison="customer-13")
    answer = send(customer(1), poisoned)
    assert (answer.status_code, sandbox.profiles()) == (400, {})
    assert "errors" not in answer.json()


def test_without_the_poison_the_others_pass(start: Start) -> None:
    _, send = faulty(start, poison="customer-13")
    assert send(customer(1)).status_code == 201


@pytest.mark.parametrize(
    "config",
    [
        {"rate": {}},
        {"rates": {"50": 0.1}},
        {"rates": {"500": 0.7, "413": 0.7}},
        {"rates": {"500": -0.1}},
        {"rates": {"500": None}},
        {"rates": ["500"]},
        {"script": ["lost-answer"]},
        {"script": "500"},
        {"wait_seconds": "1"},
        [],
    ],
    ids=repr,
)
def test_a_mistake_in_the_faults_is_refused(config: Any) -> None:
    with pytest.raises(ValueError, match=r"(?i)rate|fault"):
        Sandbox(faults=config)


def test_a_misspelt_fault_is_told_the_nearest_word() -> None:
    with pytest.raises(ValueError, match="Did you mean 'lost_answer'"):
        Sandbox(faults={"script": ["lost-answer"]})


def test_faults_can_be_replaced_while_running(sandbox: Sandbox, track: Track) -> None:
    sandbox.set_faults({"rates": {"500": 1}})
    before = track(customer()).status_code
    sandbox.set_faults(None)
    assert (before, track(customer()).status_code) == (500, 201)


def test_reset_starts_the_script_over(start: Start) -> None:
    sandbox, send = faulty(start, "500")
    first = send(customer()).status_code
    sandbox.reset()
    assert (first, send(customer()).status_code) == (500, 500)
