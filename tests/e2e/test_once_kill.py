"""Whenever a push dies, no event is repeated and none is lost without a word."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop, copy

from .events import (
    IN_DOUBT,
    PUSH,
    check_once,
    in_braze,
    keys,
    listed,
    pending,
)

KILLS = 20
KILLS_WITHOUT_A_JOURNAL = 3
LANES, OBJECTS = 4, 10
BATCHES = 30
"""Requests of a limited push: what a crash may park without a journal."""

PACE = {
    "RUNNER_IN_FLIGHT": str(LANES),
    "RUNNER_OBJECTS_PER_REQUEST": str(OBJECTS),
    "RUNNER_ACK_SECONDS": "0.05",
}
# Late answers, so that a kill meets requests in flight.
FAULTS = {
    "seed": 3,
    "wait_seconds": 0.1,
    "slow_seconds": 0.08,
    "rates": {
        "slow": 0.9,
        "429_retry_after": 0.02,
        "500_applied": 0.01,
        "lost_answer": 0.01,
        "truncated_json": 0.01,
    },
}


@pytest.fixture
def shop(built_events: Shop, tmp_path: Path) -> Shop:
    return copy(built_events, tmp_path / "shop")


def wait_for_request(sandbox: Sandbox, process: subprocess.Popen[str]) -> None:
    """Return when this push has sent something, or has ended."""
    before = len(sandbox.requests())
    while len(sandbox.requests()) == before and process.poll() is None:
        time.sleep(0.005)


def kill_at_work(
    shop: Shop, sandbox: Sandbox, chance: random.Random, *more: str
) -> bool:
    """Push, kill -9 at a random moment, and say whether it was still alive then."""
    process = shop.start(*PUSH, "events", *more, sandbox=sandbox, env=PACE)
    if chance.random() < 0.75:
        wait_for_request(sandbox, process)
        patience = chance.uniform(0, 0.25)
    else:
        # Before the first request: while it plans, or settles what was left.
        patience = chance.uniform(0.3, 0.6)
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return True
    finally:
        process.communicate()
    return False


def cut_off_by_run(shop: Shop) -> list[int]:
    """How many rows each killed push left in doubt, because it was killed."""
    counts = shop.sql(
        "select count(*) from main_ledger.ledger_unknown_rows "
        "where reason = 'the push was cut off while it was sent' group by run_id"
    )
    return [count for (count,) in counts]


def finish(shop: Shop, sandbox: Sandbox) -> None:
    """Push what is left, without faults, and see that there is nothing after it."""
    sandbox.set_faults(None)
    for _ in range(2):
        run = shop.runner(*PUSH, "events", sandbox=sandbox)
        assert run.code in {0, 4}, run.err
    assert run.json["syncs"][0]["requests"] == 0
    check_once(shop, sandbox)
    assert not pending(shop)
    assert listed(shop) == keys(shop, "unknown")


def test_twenty_kills_repeat_no_event_and_lose_none_unlisted(shop: Shop) -> None:
    """F06, I1 to I3: what is in doubt is what was in flight, and no more."""
    chance = random.Random(20261122)
    with Sandbox(faults=FAULTS) as sandbox:
        killed = sum(kill_at_work(shop, sandbox, chance) for _ in range(KILLS))
        finish(shop, sandbox)
        doubtful = [one for one in sandbox.requests() if one["fault"] in IN_DOUBT]

    assert killed > KILLS / 2
    in_doubt = cut_off_by_run(shop)
    assert in_doubt, "no kill met a request in flight"
    assert max(in_doubt) <= LANES * OBJECTS
    answers = len(keys(shop, "unknown")) - sum(in_doubt)
    assert answers <= len(doubtful) * OBJECTS


def test_kills_that_take_the_journal_too_park_more_and_repeat_nothing(
    shop: Shop,
) -> None:
    """A disk that went with its machine: every claimed row without an answer."""
    chance = random.Random(5)
    limit = ("--limit", str(BATCHES * OBJECTS))
    with Sandbox(faults=FAULTS) as sandbox:
        for _ in range(KILLS_WITHOUT_A_JOURNAL):
            kill_at_work(shop, sandbox, chance, *limit)
            for journal in (shop.directory / "target" / "journals").glob("*"):
                journal.unlink()
        finish(shop, sandbox)

    in_doubt = cut_off_by_run(shop)
    assert LANES * OBJECTS < max(in_doubt) <= BATCHES * OBJECTS


# -- signals


def test_a_signal_leaves_nothing_in_doubt_while_answers_come(shop: Shop) -> None:
    """F07: what is in flight ends, and the push says what became of it."""
    faults = {"rates": {"slow": 1}, "slow_seconds": 0.3}
    with Sandbox(faults=faults) as sandbox:
        process = shop.start(*PUSH, "events", sandbox=sandbox, env=PACE)
        wait_for_request(sandbox, process)
        process.terminate()
        out, err = process.communicate(timeout=30)

        assert process.returncode == 143, err
        assert keys(shop, "unknown") == set()
        assert keys(shop, "sent") == set(in_braze(sandbox))
        assert f'"accepted": {len(in_braze(sandbox))}, "rejected": 0' in out
        assert len(sandbox.requests()) <= LANES
        check_once(shop, sandbox)


def test_a_second_signal_parks_what_was_in_flight(shop: Shop) -> None:
    """F07: somebody cannot wait; the next push knows what may have arrived."""
    faults = {"rates": {"slow": 1}, "slow_seconds": 3}
    with Sandbox(faults=faults) as sandbox:
        process = shop.start(*PUSH, "events", sandbox=sandbox, env=PACE)
        wait_for_request(sandbox, process)
        process.terminate()
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=2)
        in_flight = len(in_braze(sandbox))

        assert process.returncode == 143
        finish(shop, sandbox)
    assert len(keys(shop, "unknown")) == in_flight
