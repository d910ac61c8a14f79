"""A push that dies at a chosen point: what it leaves behind says what is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop, copy, environment

from .events import PUSH, VISITS, check_once, in_braze, keys, outcome

DIED = 137
LANES, OBJECTS = 2, 15
PACE = {
    "RUNNER_IN_FLIGHT": str(LANES),
    "RUNNER_OBJECTS_PER_REQUEST": str(OBJECTS),
    # Nothing is recorded between the claims and the end.
    "RUNNER_ACK_SECONDS": "20",
}

# The command line, but that one function dies before or after its nth call. A function
# may be replaced by a number instead.
DRIVER = """
import functools, importlib, itertools, os, sys
module, path, when, number = sys.argv.pop(1).split(":")
*owners, name = path.split(".")
owner = functools.reduce(getattr, owners, importlib.import_module(module))
whole, calls = getattr(owner, name), itertools.count(1)
def dying(*arguments, **named):
    call = next(calls)
    if (when, call) == ("before", int(number)):
        os._exit(137)
    result = whole(*arguments, **named)
    if (when, call) == ("after", int(number)):
        os._exit(137)
    return result
setattr(owner, name, float(number) if when == "is" else dying)
from runner.cli import main
sys.exit(main())
"""


@pytest.fixture
def shop(built_events: Shop, tmp_path: Path) -> Shop:
    return copy(built_events, tmp_path / "shop")


def start(shop: Shop, point: str, sandbox: Sandbox) -> subprocess.Popen[str]:
    """Push the visits with a fault in the runner itself."""
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, point, *PUSH, "visits"],
        cwd=shop.directory,
        env=environment(sandbox, PACE),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def crash(shop: Shop, point: str, sandbox: Sandbox) -> None:
    process = start(shop, point, sandbox)
    _, err = process.communicate(timeout=30)
    assert process.returncode == DIED, err


def lose_journal(shop: Shop) -> None:
    """The disk beside the warehouse is gone."""
    (journal,) = (shop.directory / "target" / "journals").iterdir()
    journal.unlink()


def push_again(shop: Shop, sandbox: Sandbox) -> int:
    """Push what is pending, see that all is settled, and return how much that was."""
    said = outcome(shop.runner(*PUSH, "visits", sandbox=sandbox))
    check_once(shop, sandbox, "visits")
    assert said["planned"] == said["accepted"]
    assert len(keys(shop, "sent", "visits") | keys(shop, "unknown", "visits")) == VISITS
    return int(said["planned"])


def unknown(shop: Shop) -> int:
    return len(keys(shop, "unknown", "visits"))


NOTHING_LEFT = {
    "before the claim": "runner.pump:_claims:before:1",
    "before the first byte": "runner.journal:Journal.begin:before:1",
}


@pytest.mark.parametrize("point", NOTHING_LEFT.values(), ids=NOTHING_LEFT)
def test_what_had_not_left_is_pending_again(
    shop: Shop, sandbox: Sandbox, point: str
) -> None:
    """F01 and F02: nothing is unknown where no request began."""
    crash(shop, point, sandbox)
    assert not sandbox.requests()

    assert push_again(shop, sandbox) == VISITS
    assert unknown(shop) == 0


IN_FLIGHT = {
    "before the request": "runner.braze:Lane.send:before:3",
    "before the journal has the answer": "runner.journal:Journal.settle:before:3",
}


@pytest.mark.parametrize("point", IN_FLIGHT.values(), ids=IN_FLIGHT)
def test_what_was_in_flight_is_unknown_and_nothing_else(
    shop: Shop, sandbox: Sandbox, point: str
) -> None:
    """F02 and F03: the journal says which requests had begun."""
    crash(shop, point, sandbox)

    pending = push_again(shop, sandbox)
    assert 0 < unknown(shop) <= LANES * OBJECTS
    assert pending >= VISITS - (2 + LANES) * OBJECTS


ANSWERED = {
    "before the acks are recorded": "runner.stages:Stages._record:before:1",
    "after the commit": "runner.journal:Journal.close:before:1",
}


@pytest.mark.parametrize("point", ANSWERED.values(), ids=ANSWERED)
def test_what_the_journal_says_was_accepted_is_not_sent_again(
    shop: Shop, sandbox: Sandbox, point: str
) -> None:
    """F04: the fold may happen later."""
    crash(shop, point, sandbox)
    assert len(in_braze(sandbox)) == VISITS

    assert push_again(shop, sandbox) == 0
    assert unknown(shop) == 0


def test_a_fold_that_dies_is_done_again(shop: Shop) -> None:
    """F05: it happens whole or not at all; no row is parked twice."""
    with Sandbox(faults={"script": ["lost_answer"]}) as sandbox:
        crash(shop, "runner.fold:_keep_unknown:after:1", sandbox)

        assert push_again(shop, sandbox) == 0
    assert unknown(shop) == OBJECTS


WITHOUT_JOURNAL = {
    "before the first byte": ("runner.journal:Journal.begin:before:1", 0),
    "before the acks are recorded": ("runner.stages:Stages._record:before:1", VISITS),
}


@pytest.mark.parametrize(
    ("point", "arrived"), WITHOUT_JOURNAL.values(), ids=WITHOUT_JOURNAL
)
def test_without_its_journal_every_claimed_row_is_unknown(
    shop: Shop, sandbox: Sandbox, point: str, arrived: int
) -> None:
    """F02 to F04 on a disk that is gone: more are parked, and still none is twice."""
    crash(shop, point, sandbox)
    lose_journal(shop)

    assert push_again(shop, sandbox) == 0
    assert len(in_braze(sandbox)) == arrived
    assert unknown(shop) == VISITS


def test_what_the_ledger_has_counts_without_a_journal(
    shop: Shop, sandbox: Sandbox
) -> None:
    """F05: the acks are recorded, their fold is not."""
    crash(shop, "runner.fold:_keep_sent:before:1", sandbox)
    lose_journal(shop)

    assert push_again(shop, sandbox) == 0
    assert unknown(shop) == 0


def test_a_recovery_that_dies_itself_is_done_again(
    shop: Shop, sandbox: Sandbox
) -> None:
    """F05: all or nothing, so that the journal may be read twice."""
    crash(shop, IN_FLIGHT["before the journal has the answer"], sandbox)
    crash(shop, "runner.recovery:finish_run:after:1", sandbox)
    assert unknown(shop) == 0

    push_again(shop, sandbox)
    assert 0 < unknown(shop) <= LANES * OBJECTS


def test_what_no_answer_came_for_after_a_signal_is_parked(shop: Shop) -> None:
    """F07: patience ends; the push records what it gives up, and nothing repeats it."""
    faults = {"script": ["slow"], "slow_seconds": 3}
    with Sandbox(faults=faults) as sandbox:
        process = start(shop, "runner.interrupts:DRAIN_SECONDS:is:0.3", sandbox)
        while not sandbox.requests():
            assert process.poll() is None
        process.terminate()
        out, err = process.communicate(timeout=2)

        assert process.returncode == 143, err
        assert f'"unknown": {OBJECTS}' in out
        push_again(shop, sandbox)
    assert unknown(shop) == OBJECTS
