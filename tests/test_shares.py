"""Runners that share a rate limit by leases in a table: docs/scale.md tells of it."""

from __future__ import annotations

import random

import pytest

from benchmarks.rate_shares import LEASE_SECONDS, RateShares
from benchmarks.shares import simulate

LIMIT = 300
SECONDS = 150.0


@pytest.mark.parametrize("seed", [2, 5])
def test_leases_never_exceed_the_limit_whatever_befalls(seed: int) -> None:
    """Crashes, stalls, cut-offs, late asks, lost answers, clocks that are wrong."""
    seen = simulate("leases", 4, SECONDS, LIMIT, seed)

    assert seen.refused == 0
    assert seen.fullest_sliding <= LIMIT
    assert seen.goodput > 0.6


def test_the_same_faults_break_what_trusts_clocks_or_nobody() -> None:
    """Otherwise the faults would be too mild to show anything."""
    assert simulate("none", 4, 30.0, LIMIT, 5).fullest > 3 * LIMIT
    assert simulate("by the wall", 4, SECONDS, LIMIT, 5).refused > 100


def test_shares_together_are_never_more_than_the_limit() -> None:
    """By any asks in any order; a pace is what the last answer allowed, or less."""
    chance = random.Random(1)
    table = RateShares(LIMIT)
    paces: dict[str, int] = {}
    epochs: dict[str, int] = {}
    until: dict[str, float] = {}
    now = 0.0
    for _ in range(300):
        now += chance.uniform(0, 10)
        paces = {name: pace for name, pace in paces.items() if until[name] > now}
        name = f"runner-{chance.randrange(5)}"
        epochs[name] = epochs.get(name, 0) + 1
        grant = table.ask(name, epochs[name], paces.get(name, 0), now)
        assert grant
        until[name] = now + LEASE_SECONDS
        paces[name] = grant.share
        assert sum(paces.values()) <= table.capacity


def test_an_ask_that_comes_late_takes_nothing_away() -> None:
    """The runner has been granted more since, and keeps to that."""
    table = RateShares(LIMIT)
    first = table.ask("a", 1, 0, now=0)
    late, second = (2, 0), table.ask("a", 3, 285, now=1)

    assert first
    assert second
    assert second.share == table.capacity
    assert table.ask("a", *late, now=2) is None
    other = table.ask("b", 1, 0, now=3)
    assert other
    assert other.share == 0
