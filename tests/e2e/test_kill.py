"""A push that is killed loses nothing: run it again, and all is as it should be."""

from __future__ import annotations

import random
import signal
import subprocess
import time

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop

from .profiles import differences, held, wanted
from .test_faults import PEOPLE, grow

KILLS = 20
PUSH = ("push", "--yes", "--format", "json")

# Slow enough for a kill to meet a push at work, quick enough for twenty of them.
PACE = {
    "RUNNER_IN_FLIGHT": "2",
    "RUNNER_OBJECTS_PER_REQUEST": "20",
    "RUNNER_ACK_SECONDS": "0.05",
    "RUNNER_REQUESTS_PER_WINDOW": "600",
}


def test_twenty_kills_lose_nothing_and_leave_the_ledger_equal_to_braze(
    shop: Shop,
) -> None:
    """F06: kill -9 at random moments, then push to the end."""
    grow(shop)
    chance = random.Random(20261122)
    killed_at_work = 0
    with Sandbox() as sandbox:
        for number in range(KILLS):
            if number % 5 == 4:
                # Give the later kills something to meet.
                shop.sql("update main.people set orders_count = orders_count + 1")
            process = shop.start(*PUSH, sandbox=sandbox, env=PACE)
            try:
                process.wait(timeout=chance.uniform(0.2, 1.2))
            except subprocess.TimeoutExpired:
                process.kill()
                killed_at_work += 1
            process.communicate()
        run = shop.runner(*PUSH, sandbox=sandbox)

        assert run.code == 0, run.err
        assert killed_at_work > KILLS / 2
        assert not differences(wanted(str(shop.database), "main.people"), held(sandbox))
        again = shop.runner(*PUSH, sandbox=sandbox)
        assert again.json["syncs"][0]["requests"] == 0
    kept = shop.sql(
        "select count(*), count(distinct row_key) from main_ledger.ledger_sent_rows"
    )
    assert kept == [(PEOPLE, PEOPLE)]
    assert shop.sql("select count(*) from main_ledger.ledger_acks") == [(0,)]
    assert not [name for name in shop.ledger() if name.startswith("outbox")]
    unfinished = (
        "select count(*) from main_ledger.ledger_runs where finished_at is null"
    )
    assert shop.sql(unfinished) == [(0,)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_end_and_records_it(
    shop: Shop, number: signal.Signals
) -> None:
    """F07: after the signal no request begins, and nothing in flight is sent twice."""
    grow(shop)
    slow = PACE | {"RUNNER_REQUESTS_PER_WINDOW": "60"}
    with Sandbox() as sandbox:
        process = shop.start(*PUSH, sandbox=sandbox, env=slow)
        while not sandbox.requests():
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

        assert process.returncode == 128 + number, err
        kept = shop.sql("select count(*) from main_ledger.ledger_sent_rows")[0][0]
        assert kept == len(sandbox.profiles())
    assert f'"accepted": {kept}' in out


def test_a_second_push_says_who_is_at_work_and_leaves(
    shop: Shop, sandbox: Sandbox
) -> None:
    """F09: exit code 5, and nothing is sent twice."""
    grow(shop)
    slow = PACE | {"RUNNER_REQUESTS_PER_WINDOW": "60"}
    first = shop.start(*PUSH, sandbox=sandbox, env=slow)
    try:
        while not sandbox.requests():
            time.sleep(0.01)
        second = shop.runner(*PUSH, sandbox=sandbox)
    finally:
        first.terminate()
        first.communicate()

    assert second.code == 5
    assert f"process {first.pid}" in second.err
    assert second.out == ""
