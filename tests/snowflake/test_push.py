"""A push from Snowflake, by the real connector: what is sent, kept and recovered."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from runner.sandbox import Sandbox

from .faults import Fault, road
from .shop import (
    PEOPLE,
    STATEMENTS,
    STATEMENTS_A_SYNC,
    SYNCS,
    SnowflakeShop,
    counts,
)
from .words import called, faults, listed

pytest.importorskip("snowflake.connector")

VISITS = [
    (f"v{number}", f"p{number}", "visited", f"2026-11-0{1 + number % 9} 03:04:05")
    for number in range(1, 101)
]


def accepted(sandbox: Sandbox) -> Counter[str]:
    """Event key -> how often Braze took it."""
    return Counter(str(each["properties"]["event_id"]) for each in sandbox.events())


def test_what_is_sent_is_known_and_leaves_once(
    shop: SnowflakeShop, sandbox: Sandbox
) -> None:
    shop.fill("people", PEOPLE)

    first = shop.push(sandbox)
    again = shop.push(sandbox)
    status = shop.runner("status", "--format", "json")

    assert first.code == again.code == 0, first.err + again.err
    assert len(sandbox.profiles()) == len(PEOPLE)
    assert counts(first) == {"people": len(PEOPLE)}
    assert counts(again) == {}
    assert sum(each["requests"] for each in again.json["syncs"]) == 0
    assert {row["sync"]: row["sent"] for row in status.json}["people"] == len(PEOPLE)
    assert shop.outboxes() == []


def test_one_changed_cell_leaves_alone(synced: SnowflakeShop, sandbox: Sandbox) -> None:
    synced.do("update people set tier = 'silver' where external_id = 'p7'")

    plan = synced.runner("plan", "--format", "json")
    pushed = synced.push(sandbox)

    assert pushed.code == 0, pushed.err
    assert plan.json["plan_id"] == pushed.json["plan_id"]
    assert counts(pushed) == {"people": 1}, plan.out + pushed.out
    assert sandbox.bodies() == [
        {"attributes": [{"external_id": "p7", "tier": "silver"}]}
    ]


def test_refused_rows_are_kept_with_their_reason(
    synced: SnowflakeShop, sandbox: Sandbox
) -> None:
    sandbox.set_faults({"script": ["partial_errors"]})
    synced.do("update people set tier = 'silver' where points > 20")

    pushed = synced.push(sandbox)
    (row,) = [each for each in pushed.json["syncs"] if each["sync"] == "people"]

    assert row["rejected"] == len(synced.table("ledger_rejected_rows")) > 0
    assert row["accepted"] + row["rejected"] == row["planned"]
    assert pushed.code == 4


def test_events_leave_once_and_those_in_doubt_are_parked(
    synced: SnowflakeShop, sandbox: Sandbox
) -> None:
    synced.fill("visits", VISITS)
    sandbox.set_faults({"script": ["500"]})

    pushed = synced.push(sandbox)
    unknown = [key for _, key in synced.table("ledger_unknown_rows", "sync, row_key")]
    resent = synced.runner("unknown", "--resend", "--format", "json")
    again = synced.push(sandbox)

    assert pushed.code == 4, pushed.err
    assert unknown
    assert resent.json == {"settled": len(unknown)}
    assert again.code == 0, again.err
    assert set(accepted(sandbox)) == {key for key, *_ in VISITS}


def test_a_deleted_person_is_suppressed_first_and_scrubbed(
    synced: SnowflakeShop, sandbox: Sandbox
) -> None:
    synced.fill("erasures", [("p1",)])

    asked = synced.push(sandbox)
    plan = synced.runner("plan", "--format", "json")
    pushed = synced.push(sandbox, "--approve", plan.json["plan_id"])
    later = synced.push(sandbox)

    assert asked.code == 3, asked.err
    assert pushed.code == 0, pushed.err
    assert shown(later) == 0
    ((_, run, deleted),) = synced.table(
        "ledger_suppressed_users", "user_hash, run_id, deleted_at"
    )
    assert run == pushed.json["run_id"]
    assert deleted
    assert "p1" not in {
        key for _, key in synced.table("ledger_sent_rows", "sync, row_key")
    }


def test_two_pushes_at_once_are_one(synced: SnowflakeShop, sandbox: Sandbox) -> None:
    synced.do(
        "update BRIDGE_LEDGER.ledger_lease set holder = 'elsewhere/1/x/y', "
        "expires_at = dateadd(minute, 5, sysdate()) where lease = 'push'"
    )

    refused = synced.push(sandbox)

    assert refused.code == 5, refused.err
    assert "elsewhere" in refused.err


def test_a_push_that_is_killed_is_settled_by_the_next(
    synced: SnowflakeShop, sandbox: Sandbox
) -> None:
    synced.fill("visits", VISITS)
    sandbox.set_faults({"rates": {"slow": 1.0}, "slow_seconds": 0.5})
    push = synced.start("push", "--yes", sandbox=sandbox)
    deadline = time.monotonic() + 30
    while not sandbox.requests() and time.monotonic() < deadline:
        time.sleep(0.02)
    push.kill()
    push.wait()
    sandbox.set_faults(None)

    settled = synced.push(sandbox)

    assert settled.code in {0, 4}, settled.err
    assert "was cut off" in settled.err
    assert max(accepted(sandbox).values()) == 1
    unknown = {key for _, key in synced.table("ledger_unknown_rows", "sync, row_key")}
    assert {*accepted(sandbox)} | unknown == {key for key, *_ in VISITS}
    assert synced.outboxes() == []


class Accident:
    """The statement at which something goes wrong, once."""

    def __init__(self, at: int, fault: Fault, of: str = "") -> None:
        self.left, self.fault, self.of = at, fault, of

    def __call__(self, statement: str) -> Fault | None:
        if self.of and not statement.strip().lower().startswith(self.of):
            return None
        self.left -= 1
        return self.fault if self.left == 0 else None


# What comes after the first stretches, as what comes before.
LONG = pytest.mark.long


@pytest.mark.parametrize("commit", [2, pytest.param(4, marks=LONG)])
def test_a_lost_answer_to_a_commit_is_read_back(
    synced: SnowflakeShop, sandbox: Sandbox, commit: int
) -> None:
    synced.fill("visits", VISITS)
    with road(synced.emulator.port) as way, synced.by_way_of(way.port):
        way.meet = Accident(commit, "lost", "commit")
        pushed = synced.push(sandbox)
        again = synced.push(sandbox)

    assert way.meet.left <= 0
    assert pushed.code == 0, pushed.err
    assert synced.outboxes() == []
    assert shown(again) == 0
    assert accepted(sandbox) == Counter(key for key, *_ in VISITS)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        pytest.param(1, "expired", marks=LONG),
        (12, "refused"),
        (40, "expired"),
        pytest.param(75, "refused", marks=LONG),
    ],
)
def test_whatever_breaks_no_event_leaves_twice_and_none_is_lost(
    synced: SnowflakeShop, sandbox: Sandbox, statement: int, fault: Fault
) -> None:
    synced.fill("visits", VISITS)
    with road(synced.emulator.port) as way, synced.by_way_of(way.port):
        way.meet = Accident(statement, fault)
        first = synced.push(sandbox)
        synced.expire_lease()
        again = synced.push(sandbox)

    assert first.code in {0, 1, 2}, first.err
    assert "Traceback" not in first.err
    assert again.code in {0, 4}, again.err
    assert max(accepted(sandbox).values()) == 1
    unknown = {key for _, key in synced.table("ledger_unknown_rows", "sync, row_key")}
    assert {*accepted(sandbox)} | unknown == {key for key, *_ in VISITS}
    assert synced.outboxes() == []


def test_every_statement_of_the_runner_is_snowflakes(
    synced: SnowflakeShop, sandbox: Sandbox
) -> None:
    synced.fill("visits", VISITS)
    synced.fill("erasures", [("p1",)])
    synced.fill("nicknames", [("p2", "two", "shop")])
    with road(synced.emulator.port) as way, synced.by_way_of(way.port):
        plan = synced.runner("plan", "-s", "erasures", "--format", "json")
        plan_id = plan.json["plan_id"]
        synced.push(sandbox, "-s", "erasures", "--approve", plan_id)
        for fault in ("partial_errors", "500"):
            sandbox.set_faults({"script": [fault]})
            synced.push(sandbox)
        sandbox.set_faults(None)
        for command in ("plan", "status", "rejected", "unknown", "check"):
            synced.runner(command, sandbox=sandbox)
        for key in ("p1", "v3"):
            synced.runner("explain", key)
        synced.runner("push", "--yes", "--limit", "1", "--full-resync", sandbox=sandbox)
        synced.runner("unknown", "--mark-sent")
        synced.runner("forget", "p3", "--yes", sandbox=sandbox)
    statements = set(way.statements) - {""}

    wrong, functions = set(), set()
    for statement in statements:
        parsed = sqlglot.parse_one(statement, read="snowflake")
        wrong |= set(faults(statement))
        tables = {table.name.upper() for table in parsed.find_all(exp.Table)}
        functions |= called(statement) - tables

    assert len(statements) > 60
    assert wrong == set()
    assert functions - listed("allowed_functions.txt") == set()


def test_a_push_of_nothing_asks_little(synced: SnowflakeShop, sandbox: Sandbox) -> None:
    """Each statement waits for an answer: docs/scale.md counts on so many of them."""
    with road(synced.emulator.port) as way, synced.by_way_of(way.port):
        pushed = synced.push(sandbox)
    statements = [each for each in way.statements if each]

    assert pushed.code == 0, pushed.err
    assert len(statements) <= STATEMENTS + STATEMENTS_A_SYNC * len(SYNCS)
    assert synced.outboxes() == []


def shown(run: Any) -> int:
    return sum(each["planned"] for each in run.json["syncs"])
