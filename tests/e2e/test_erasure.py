"""Erasure: suppressed before deleted, deleted once approved, and never sent again."""

from __future__ import annotations

import signal
import time
from typing import Any

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .erasures import DELETE, mentions, suppressed, touch, user_hash
from .objects import Objects, writes

ONCE = {"RUNNER_ATTEMPTS": "1"}


def test_a_deletion_needs_approval_and_the_others_are_delivered(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("erasures", [("p1",)])
    touch(known)

    held = known.push(sandbox, "erasures", "people")

    assert held.code == 3
    assert "erasures: deleting 1 user in Braze cannot be undone." in held.err
    assert writes(sandbox, DELETE) == []
    assert suppressed(known) == {}
    assert sandbox.profiles()["p2"]["custom_attributes"]["points"] == 102

    approved = ("--approve", known.plan_id("erasures"))
    assert known.deliver(sandbox, "erasures", options=approved) == 1

    assert writes(sandbox, DELETE) == [{"external_ids": ["p1"]}]
    assert set(sandbox.profiles()) == {"p2", "p3"}
    assert suppressed(known) == {user_hash("external_id:p1"): True}
    assert mentions(known, "p1") == []
    touch(known)
    assert known.deliver(sandbox, "erasures", "people") == 2
    assert set(sandbox.profiles()) == {"p2", "p3"}


def test_a_person_who_is_deleted_is_not_sent_by_the_same_push(
    known: Objects, sandbox: Sandbox
) -> None:
    """Trap 18: an update that follows a deletion makes a new, empty profile."""
    known.fill("erasures", [("p1",)])
    touch(known)

    approved = ("--approve", known.plan_id("erasures", "people"))
    assert known.deliver(sandbox, "erasures", "people", options=approved) == 3

    assert set(sandbox.profiles()) == {"p2", "p3"}


def test_a_deletion_that_braze_does_not_take_leaves_the_user_suppressed(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("erasures", [("p1",)])
    sandbox.set_faults({"rates": {"500": 1}, "paths": [DELETE]})

    approved = ("--approve", known.plan_id("erasures"))
    failed = known.push(sandbox, "erasures", options=approved, env=ONCE)

    assert failed.code == 1
    assert suppressed(known) == {user_hash("external_id:p1"): False}
    touch(known)
    assert known.deliver(sandbox, "people") == 2
    assert sandbox.profiles()["p1"]["custom_attributes"]["points"] == 1

    sandbox.set_faults({})
    approved = ("--approve", known.plan_id("erasures"))
    assert known.deliver(sandbox, "erasures", options=approved) == 1
    assert suppressed(known) == {user_hash("external_id:p1"): True}


def test_a_kill_between_suppression_and_deletion_sends_nothing_to_the_user(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("erasures", [("p1",)])
    sandbox.set_faults(
        {"rates": {"429_retry_after": 1}, "paths": [DELETE], "wait_seconds": 60}
    )
    approved = ("--approve", known.plan_id("erasures"))
    process = known.start("push", "-s", "erasures", *approved, sandbox=sandbox)
    try:
        wait_for(sandbox, DELETE)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    sandbox.set_faults({})
    touch(known)

    assert known.deliver(sandbox, "people") == 2

    assert sandbox.profiles()["p1"]["custom_attributes"]["points"] == 1
    approved = ("--approve", known.plan_id("erasures"))
    assert known.deliver(sandbox, "erasures", options=approved) == 1
    assert set(sandbox.profiles()) == {"p2", "p3"}


def test_a_kill_after_the_deletion_still_scrubs_the_user(
    known: Objects, sandbox: Sandbox
) -> None:
    """What Braze has accepted is settled by whoever comes next."""
    people = [(f"e{at}",) for at in range(60)]
    known.fill("erasures", [("p1",), *people])
    # The first fifty are deleted; the answer to the rest never comes.
    sandbox.set_faults(
        {"script": [None, "slow"], "slow_seconds": 30, "paths": [DELETE]}
    )
    approved = ("--approve", known.plan_id("erasures"))
    quick = {"RUNNER_ACK_SECONDS": "0.1", "RUNNER_IN_FLIGHT": "1"}
    process = known.start(
        "push", "-s", "erasures", *approved, sandbox=sandbox, env=quick
    )
    acks = f"select count(*) from {LEDGER}.ledger_acks"
    try:
        wait_for(sandbox, DELETE, times=2)
        deadline = time.monotonic() + 20
        while not asked(known, acks):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    sandbox.set_faults({})
    deleted = writes(sandbox, DELETE)[0]["external_ids"]

    assert known.deliver(sandbox, "people") == 0

    found = suppressed(known)
    assert {found[user_hash(f"external_id:{one}")] for one in deleted} == {True}
    assert mentions(known, "p1") == [] or "p1" not in deleted


def asked(objects: Objects, question: str) -> Any:
    """One value of the warehouse, or nothing while a push holds the file."""
    import duckdb  # noqa: PLC0415

    try:
        return objects.sql(question)[0][0]
    except duckdb.IOException:
        return None


def wait_for(sandbox: Sandbox, path: str, times: int = 1) -> None:
    """Wait until a path was asked for so often."""
    deadline = time.monotonic() + 30
    while sum(one["path"] == path for one in sandbox.requests()) < times:
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def test_a_deletion_by_address_says_which_profile_and_shows_no_address(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("erasures_by_email", [("Ada@Example.com", ["most_recently_updated"])])

    planned = known.runner("plan", "-s", "erasures_by_email")
    approved = ("--approve", known.plan_id("erasures_by_email"))
    known.deliver(sandbox, "erasures_by_email", options=approved)

    assert "xample.com" not in planned.out + planned.err
    ((sent,),) = [body["email_addresses"] for body in writes(sandbox, DELETE)]
    assert sent["prioritization"] == ["most_recently_updated"]
    assert suppressed(known) == {user_hash("email:ada@example.com"): True}
    assert mentions(known, "xample.com") == []
