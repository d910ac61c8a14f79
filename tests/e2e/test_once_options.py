"""What `first_run`, `missing_user` and `delivery` make of events."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Shop, copy

from .events import (
    PUSH,
    VISITS,
    in_braze,
    keys,
    outcome,
    pending,
    set_option,
)

LATER = """
    insert into main.visits
    select
        'later' as event_key, external_id, name, time + interval 1 hour as time,
        properties
    from main.visits where event_key = 'v0'
"""


@pytest.fixture
def shop(built_events: Shop, tmp_path: Path) -> Shop:
    return NearShop(copy(built_events, tmp_path / "shop").directory)


def test_history_is_adopted_and_what_comes_later_is_sent(
    shop: Shop, sandbox: Sandbox
) -> None:
    """A first push of events must not count years of history once more."""
    set_option(shop, "visits", first_run="adopt")
    first = shop.runner(*PUSH, "visits", sandbox=sandbox)

    assert (first.code, outcome(first)["planned"]) == (0, 0)
    assert f"the ledger took {VISITS} rows of history without sending" in first.err
    assert len(keys(shop, "sent", "visits")) == VISITS
    assert not sandbox.requests()

    shop.sql(LATER)
    assert outcome(shop.runner(*PUSH, "visits", sandbox=sandbox))["accepted"] == 1
    assert dict(in_braze(sandbox)) == {"later": 1}


def test_a_first_run_that_is_limited_adopts_all(shop: Shop, sandbox: Sandbox) -> None:
    """The second would be no first run, and send what the first had left."""
    set_option(shop, "visits", first_run="adopt")
    shop.runner(*PUSH, "visits", "--limit", "5", sandbox=sandbox)

    assert not pending(shop, "visits")
    assert not sandbox.requests()


def test_history_is_sent_where_that_is_asked_for(shop: Shop, sandbox: Sandbox) -> None:
    said = outcome(shop.runner(*PUSH, "visits", sandbox=sandbox))

    assert said["accepted"] == VISITS
    assert len(in_braze(sandbox)) == VISITS


def test_a_user_whom_braze_does_not_know_is_made_or_left_alone(
    shop: Shop, sandbox: Sandbox
) -> None:
    """The same visits: `skip` writes to those whom `create` made, and makes nobody."""
    skipped = outcome(shop.runner(*PUSH, "skipped", sandbox=sandbox))
    assert skipped["accepted"] == VISITS
    assert (sandbox.profiles(), sandbox.events()) == ({}, [])

    shop.sql("delete from main_ledger.ledger_sent_rows")
    shop.runner(*PUSH, "visits", "--limit", "3", sandbox=sandbox)
    assert len(sandbox.profiles()) == 3

    shop.runner(*PUSH, "skipped", sandbox=sandbox)
    assert len(sandbox.profiles()) == 3
    assert sorted(in_braze(sandbox).values()) == [2, 2, 2]


def test_at_least_once_repeats_what_lost_its_answer(shop: Shop) -> None:
    """An opt-in: two of a visit rather than a row that waits for somebody."""
    set_option(shop, "visits", delivery="at_least_once")
    with Sandbox(faults={"script": [None, "lost_answer"]}) as sandbox:
        env = {"RUNNER_IN_FLIGHT": "1", "RUNNER_OBJECTS_PER_REQUEST": "15"}
        said = outcome(shop.runner(*PUSH, "visits", sandbox=sandbox, env=env))

        assert (said["accepted"], said["unknown"]) == (VISITS, 0)
        assert sorted(in_braze(sandbox).values()) == [1] * 60 + [2] * 15


def test_without_a_place_for_its_journal_nothing_leaves(
    shop: Shop, sandbox: Sandbox
) -> None:
    """Nobody could tell afterwards what was on the wire; the next push goes on."""
    in_the_way = shop.directory / "target" / "journals"
    in_the_way.write_text("a file", encoding="utf-8")
    refused = [shop.runner(*PUSH, "visits", sandbox=sandbox) for _ in range(2)]
    assert [run.code for run in refused] == [2, 2]
    assert "cannot be written" in refused[1].err
    assert not sandbox.requests()

    in_the_way.unlink()
    said = outcome(shop.runner(*PUSH, "visits", sandbox=sandbox))
    assert (said["accepted"], said["unknown"]) == (VISITS, 0)
