"""Erasure: suppressed before deleted, deleted once approved, and never sent again."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .objects import PARTNER, Objects, copy_objects, meet, writes

DELETE = "/users/delete"
JANUARY = datetime(2026, 1, 1)  # noqa: DTZ001 - UTC, as the marts' columns
ONCE = {"RUNNER_ATTEMPTS": "1"}


@pytest.fixture
def known(known_objects: Objects, tmp_path: Path, sandbox: Sandbox) -> Objects:
    """A shop with three people whom Braze has had for long."""
    meet(sandbox)
    return copy_objects(known_objects, tmp_path / "known")


def user_hash(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()


def suppressed(objects: Objects) -> dict[str, bool]:
    """Hash -> whether Braze has accepted the deletion."""
    return dict(
        objects.sql(
            "select user_hash, deleted_at is not null "
            f"from {LEDGER}.ledger_suppressed_users"
        )
    )


def mentions(objects: Objects, text: str) -> list[str]:
    """The tables of the ledger that name somebody."""
    return [name for name, rows in objects.ledger().items() if text in str(rows)]


def touch(objects: Objects) -> None:
    """Give everybody a change to send."""
    objects.sql("update main.people set points = points + 100")


# -- from the warehouse


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


# -- wherever the user turns up


def everywhere(objects: Objects, *people: str) -> None:
    """Put people into every mart that writes to them."""
    objects.fill("people", [(one, "blue", 9) for one in people])
    objects.fill("flags", [(one, True) for one in people])
    objects.fill("members", [("c1", "VIP", one) for one in people])
    objects.fill(
        "consents", [(one, "newsletter", "subscribed", JANUARY) for one in people]
    )
    objects.fill("nicknames", [(one, f"n-{one}", "login") for one in people])
    objects.fill("leads", [(one, f"l-{one}", "card", None, None) for one in people])
    objects.fill("renames", [(one, f"new-{one}", None, JANUARY) for one in people])
    objects.fill(
        "visits", [(f"v-{one}", one, "visited", JANUARY, None) for one in people]
    )
    objects.fill(
        "sales",
        [(f"s-{one}", one, "shoe", "EUR", 1, 1, JANUARY, None) for one in people],
    )


def test_a_suppressed_user_is_sent_by_no_mart(objects: Objects) -> None:
    """Trap 18: attributes, events, purchases, cohorts, consent, every identity."""
    everyone = ("people", "flags", "members", "consents", "nicknames", "leads")
    everyone += ("renames", "visits", "sales")
    with Sandbox(partner="example") as sandbox:
        assert objects.runner("forget", "gone-1", "--yes", sandbox=sandbox).code == 0
        everywhere(objects, "gone-1", "stays-1")
        # All but the first touch the users of the others, and wait for them.
        for sync in everyone:
            assert objects.deliver(sandbox, sync, env=PARTNER)
            objects.pass_time()

        told = [json.dumps(body) for body in sandbox.bodies()]
        # `forget` itself has named the user, once.
        assert ["gone-1" in body for body in told].count(True) == 1
        assert sum("stays-1" in body for body in told) >= len(everyone)
        assert (
            objects.sql(
                " union all ".join(
                    f"select payload from main.{one}__pending" for one in everyone
                )
            )
            == []
        )
    assert mentions(objects, "gone-1") == []


def test_a_removal_names_no_suppressed_user(objects: Objects) -> None:
    """Who left the mart after being suppressed is not told of, either."""
    with Sandbox(partner="example") as sandbox:
        objects.fill("members", [("c1", "VIP", "p1"), ("c1", "VIP", "p2")])
        objects.deliver(sandbox, "members")
        objects.sql(
            f"insert into {LEDGER}.ledger_suppressed_users "
            f"values ('{user_hash('external_id:p1')}', 'r', now(), null)"
        )
        objects.fill("members", [])

        approved = ("--approve", objects.plan_id("members"))
        assert objects.deliver(sandbox, "members", options=approved) == 1
        assert "p1" not in json.dumps(sandbox.bodies()[-1])


# -- runner forget


def test_forget_scrubs_every_trace_and_prints_a_receipt(
    known: Objects, sandbox: Sandbox
) -> None:
    """Sent, rejected and unknown rows, by whatever key and in whatever form."""
    known.fill("visits", [("v1", "p1", "visited", JANUARY, None)])
    sandbox.set_faults({"script": ["lost_answer"], "paths": ["/users/track"]})
    assert known.push(sandbox, "visits").code == 4
    sandbox.set_faults({"poison": "p1"})
    everywhere(known, "p1")
    for sync in ("people", "flags", "consents", "nicknames", "leads", "renames"):
        assert known.push(sandbox, sync).code in {0, 4}, sync
    known.fill("duplicates", [("p1", "p2", None, None)])
    approved = ("--approve", known.plan_id("duplicates"))
    known.push(sandbox, "duplicates", options=approved)
    named = set(mentions(known, "p1"))
    assert {"ledger_sent_rows", "ledger_rejected_rows", "ledger_unknown_rows"} <= named
    sandbox.set_faults({})

    forgotten = known.runner(
        "forget", "p1", "--yes", "--format", "json", sandbox=sandbox
    )

    assert forgotten.code == 0, forgotten.err
    receipt = forgotten.json
    assert receipt["user_hash"] == user_hash("external_id:p1")
    assert (receipt["answer"], receipt["endpoint"]) == ("201 success", sandbox.url)
    assert receipt["suppressed_at"] <= receipt["deleted_at"]
    assert receipt["scrubbed"].keys() == {
        *("ledger_sent_rows", "ledger_rejected_rows", "ledger_unknown_rows")
    }
    assert all(receipt["scrubbed"].values())
    assert "p1" not in set(sandbox.profiles())
    left = known.sql(
        f"select sync, row_key, payload from {LEDGER}.ledger_rejected_rows "
        f"union all select sync, row_key, row_json from {LEDGER}.ledger_sent_rows"
    )
    assert [row for row in left if '"p1"' in str(row) or "p1" in row] == []
    assert known.sql(f"select count(*) from {LEDGER}.ledger_unknown_rows") == [(0,)]


def test_the_receipt_for_a_person_names_nobody(
    known: Objects, sandbox: Sandbox
) -> None:
    """By e-mail, whatever the case, with the words that Braze asks for."""
    forgotten = known.runner(
        *("forget", "Ada@Example.com", "--by", "email", "--yes"), sandbox=sandbox
    )

    assert forgotten.code == 0, forgotten.err
    assert "xample.com" not in forgotten.out.lower() + forgotten.err.lower()
    lines = dict(line.split(maxsplit=2)[::2] for line in forgotten.out.splitlines()[:3])
    assert lines["user"] == user_hash("email:ada@example.com")
    assert "scrubbed       0 rows of ledger_sent_rows" in forgotten.out
    assert "answer         201 success" in forgotten.out
    ((sent,),) = [body["email_addresses"] for body in writes(sandbox, DELETE)]
    assert sent["email"].lower() == "ada@example.com"
    assert sent["prioritization"] == ["identified", "most_recently_updated"]


def test_forget_while_braze_is_down_suppresses_and_can_be_repeated(
    known: Objects, sandbox: Sandbox
) -> None:
    sandbox.set_faults({"script": ["503_html"], "paths": [DELETE]})

    failed = known.runner("forget", "p1", "--yes", sandbox=sandbox)

    assert failed.code == 1
    assert "The user is suppressed" in failed.err
    assert "run the same command again" in failed.err
    touch(known)
    assert known.deliver(sandbox, "people") == 2

    again = known.runner("forget", "p1", "--yes", sandbox=sandbox)
    assert again.code == 0
    assert set(sandbox.profiles()) == {"p2", "p3"}
    assert suppressed(known) == {user_hash("external_id:p1"): True}
    # Asked for once more, it says the same.
    assert known.runner("forget", "p1", "--yes", sandbox=sandbox).code == 0


def test_forget_does_nothing_unless_somebody_has_said_yes(
    known: Objects, sandbox: Sandbox
) -> None:
    before = known.ledger()

    asked_for = known.runner("forget", "p1", sandbox=sandbox)

    assert asked_for.code == 3
    assert "Not confirmed; nothing was done." in asked_for.err
    assert known.ledger() == before
    assert writes(sandbox, DELETE) == []
