"""Cohorts: keys in the body, a cap over all changes, strangers dropped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox

from .conftest import Track, customer, tracker

Start = Callable[..., Sandbox]
KEYS = {
    "partner_api_key": "sandbox-partner-key",
    "client_secret": "sandbox-import-key",
}
COHORT = {
    "cohort_id": "c1",
    "name": "High value",
    "created_at": "2026-01-01T00:00:00Z",
}


def send(sandbox: Sandbox, path: str, **body: Any) -> requests.Response:
    """Send without a Bearer key."""
    url = f"{sandbox.url}/partners/acme/cohorts{path}"
    return requests.post(url, json={**KEYS, **body}, timeout=5)


def change(sandbox: Sandbox, *changes: Any, **more: Any) -> requests.Response:
    """Change members."""
    body = {"cohort_id": "c1", "cohort_changes": list(changes), **more}
    return send(sandbox, "/users", **body)


def members(sandbox: Sandbox) -> list[str]:
    """The keys of the members."""
    found: list[str] = sandbox.cohorts()["c1"]["members"]
    return found


@pytest.fixture
def cohort(sandbox: Sandbox, track: Track) -> Sandbox:
    """Start a sandbox that has three people and an empty cohort."""
    track(customer(1), customer(2), customer(3))
    send(sandbox, "", **COHORT)
    return sandbox


def test_people_join_and_leave(cohort: Sandbox) -> None:
    joined = change(cohort, {"user_ids": ["customer-1", "customer-2"]})
    first = members(cohort)
    change(cohort, {"user_ids": ["customer-1"], "should_remove": True})
    assert (joined.status_code, first) == (201, ["customer-1", "customer-2"])
    assert members(cohort) == ["customer-2"]


def test_strangers_are_dropped_silently(cohort: Sandbox) -> None:
    answer = change(cohort, {"user_ids": ["nobody", "customer-1"]})
    assert (answer.status_code, answer.json()) == (201, {"message": "success"})
    assert (members(cohort), len(cohort.profiles())) == (["customer-1"], 3)


def test_an_alias_joins(cohort: Sandbox) -> None:
    alias = {"alias_name": "n", "alias_label": "l"}
    tracker(cohort)({"user_alias": alias, "_update_existing_only": False})
    change(cohort, {"aliases": [alias]})
    assert len(members(cohort)) == 1


def test_a_cohort_is_renamed_by_its_id(cohort: Sandbox) -> None:
    change(cohort, {"user_ids": ["customer-1"]})
    send(cohort, "", **{**COHORT, "name": "Very high value"})
    assert cohort.cohorts() == {
        "c1": {"name": "Very high value", "members": ["customer-1"]}
    }


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"partner_api_key": "hunter2"}, "Invalid Partner API key"),
        ({"client_secret": "hunter2"}, "Invalid client secret"),
        ({"client_secret": None}, "Unauthorized access"),
    ],
)
@pytest.mark.parametrize("path", ["", "/users"])
def test_a_wrong_key_is_refused_and_not_echoed(
    sandbox: Sandbox, path: str, keys: dict[str, Any], message: str
) -> None:
    answer = send(sandbox, path, **{**COHORT, **keys})
    assert (answer.status_code, answer.json()) == (401, {"message": message})


def test_another_partner_is_not_enabled(start: Start) -> None:
    answer = send(start(partner="other"), "", **COHORT)
    assert (answer.status_code, answer.json()["message"]) == (
        401,
        "Partner not enabled for client",
    )


def test_1000_ids_over_all_changes(cohort: Sandbox) -> None:
    ids = [f"u{number}" for number in range(1000)]
    good = change(cohort, {"user_ids": ids[:500]}, {"device_ids": ids[500:]})
    one_more = {"aliases": [{"alias_name": "n", "alias_label": "l"}]}
    bad = change(cohort, {"user_ids": ids[:500]}, {"device_ids": ids[500:]}, one_more)
    assert (good.status_code, bad.status_code) == (201, 400)


@pytest.mark.parametrize(
    "body",
    [
        {"cohort_id": ""},
        {"cohort_id": 7},
        {"name": ""},
        {"name": None},
        {"created_at": "yesterday"},
        {"nmae": "a"},
    ],
    ids=repr,
)
def test_a_bad_cohort_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    answer = send(sandbox, "", **{**COHORT, **body})
    assert (answer.status_code, sandbox.cohorts()) == (400, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"user_ids": ["customer-1"]},
        ["customer-1"],
        [{"user_ids": "customer-1"}],
        [{"user_ids": [7]}],
        [{"user_id": ["customer-1"]}],
        [{"user_ids": ["customer-1"], "should_remove": "yes"}],
        [{"aliases": ["n"]}],
        [{"user_ids": ["a"]}, {"user_ids": ["a"], "should_remove": True}],
    ],
    ids=repr,
)
def test_bad_changes_are_refused(cohort: Sandbox, changes: Any) -> None:
    answer = change(cohort, cohort_changes=changes)
    assert (answer.status_code, members(cohort)) == (400, [])


def test_an_unknown_cohort_is_refused(sandbox: Sandbox) -> None:
    assert change(sandbox, {"user_ids": ["a"]}).status_code == 400


def test_no_change_at_all_checks_the_keys(sandbox: Sandbox) -> None:
    assert change(sandbox).status_code == 201


def test_a_cohort_that_is_being_written_is_locked(start: Start) -> None:
    sandbox = start(faults={"slow_seconds": 0.3})
    send(sandbox, "", **COHORT)
    send(sandbox, "", **{**COHORT, "cohort_id": "c2"})
    sandbox.set_faults({"script": ["slow"], "slow_seconds": 0.5})
    slow = threading.Thread(target=change, args=(sandbox, {"user_ids": ["a"]}))
    slow.start()
    while len(sandbox.requests()) < 3:
        time.sleep(0.01)
    statuses = [
        change(sandbox, {"user_ids": ["b"]}).status_code,
        change(sandbox, {"user_ids": ["b"]}, cohort_id="c2").status_code,
    ]
    slow.join()
    assert (statuses, change(sandbox).status_code) == ([423, 201], 201)


def test_a_fault_locks(cohort: Sandbox) -> None:
    cohort.set_faults({"script": ["423"]})
    statuses = [change(cohort, {"user_ids": ["a"]}).status_code for _ in range(2)]
    assert statuses == [423, 201]
