"""Of several pushes one holds the lease, whatever happens between two statements."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner import lease as leases
from runner import starting
from runner.errors import ConfigError, DeliveryError, LeaseError
from runner.gate import Gate
from runner.ledger import Ledger, utcnow
from runner.planning import make_plan
from runner.pump import Pump
from runner.starting import Wish

from .rendering import render_model
from .test_idle_push import start_of, sync_of
from .test_recovery import MODELS, ledger  # noqa: F401 - a fixture

ELSEWHERE = "elsewhere/77/there/5"


def hold(ledger: Ledger, seconds: float) -> None:  # noqa: F811 - pytest's way
    """A push on another machine has the lease for so long, or had it."""
    ledger.connection.execute(
        f"update {ledger.lease} set holder = ?, epoch = 3, expires_at = ?",
        [ELSEWHERE, utcnow() + timedelta(seconds=seconds)],
    )


def test_a_lease_that_is_extended_meanwhile_is_not_taken(
    ledger: Ledger,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had run out when it was read; its holder was late, and is at work."""
    hold(ledger, -1)
    change = ledger.connection.change

    def late(statement: str, parameters: Any = ()) -> int:
        hold(ledger, 120)
        return change(statement, parameters)

    monkeypatch.setattr(ledger.connection, "change", late)

    with pytest.raises(LeaseError, match="has just begun"):
        leases.acquire(ledger)


def test_the_lease_is_born_with_its_row_once(ledger: Ledger) -> None:  # noqa: F811
    """Two first pushes on a fresh ledger contend for it; builds add no other."""
    again = render_model(
        "duckdb",
        MODELS / "ledger_lease.sql",
        execute=True,
        is_incremental=lambda: True,
        this=ledger.lease,
    )
    ledger.connection.execute(f"insert into {ledger.lease} {again}")

    rows = ledger.connection.execute(f"select lease, epoch from {ledger.lease}")

    assert rows.fetchall() == [("push", 0)]
    assert leases.acquire(ledger).epoch == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("delete from ledger_lease", "no row yet. Run: runner build"),
        ("insert into ledger_lease from ledger_lease", "has 2 rows where lease"),
    ],
)
def test_nobody_pushes_on_a_ledger_that_has_not_one_lease(
    ledger: Ledger,  # noqa: F811
    change: str,
    said: str,
) -> None:
    ledger.connection.execute(change)

    with pytest.raises(ConfigError, match=said):
        leases.acquire(ledger)


@pytest.mark.parametrize("is_taken", [False, True])
def test_the_lease_holds_however_long_freezing_takes(
    ledger: Ledger,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_taken: bool,  # noqa: FBT001
) -> None:
    """A plan of many heavy views takes longer than a lease."""
    sync = sync_of(ledger, "people", "attributes")
    planned: list[None] = []
    extended: list[int] = []
    extend = leases.extend

    def slow(*arguments: Any, **named: Any) -> Any:
        planned.append(None)
        ledger.connection.execute(f"update {ledger.lease} set expires_at = acquired_at")
        if is_taken:
            hold(ledger, 120)
        return make_plan(*arguments, **named)

    def counted(*arguments: Any) -> None:
        extended.append(len(planned))
        extend(*arguments)

    monkeypatch.setattr(starting, "make_plan", slow)
    monkeypatch.setattr(leases, "extend", counted)
    start = start_of(tmp_path, sync)

    if is_taken:
        with pytest.raises(LeaseError, match="took the lease over"):
            start.freeze(ledger, [sync], Wish(), None)
        assert ledger.unfinished_runs() == []
    else:
        start.freeze(ledger, [sync], Wish(), None)
        row = ledger.connection.execute(f"select expires_at from {ledger.lease}")
        trusted = timedelta(seconds=leases.TRUSTED_SECONDS)
        assert row.fetchall()[0][0] > utcnow() + trusted
    # Before the first view is read, too: its row is ours while they are.
    assert extended == [0, 1]


def test_an_extension_that_was_not_committed_lets_nothing_begin(
    ledger: Ledger,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lease = leases.acquire(ledger)
    gate = Gate(3000, 3)
    gate.trust_for(0)
    time.sleep(0.001)
    pump: Any = object.__new__(Pump)
    pump._job = SimpleNamespace(
        run_id="r", plan=SimpleNamespace(sync=SimpleNamespace(name="s", once=False))
    )
    tally = SimpleNamespace(requests=0)
    pump._delivery = SimpleNamespace(take=list, tally=tally)
    pump._open_ledger = lambda: nullcontext(ledger)
    pump._gate, pump._lease, pump._counted, pump._chains = gate, lease, 0, []

    @contextmanager
    def lost(_mark: object) -> Iterator[None]:
        yield
        msg = "the commit was lost"
        raise DeliveryError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.connection, "transaction", lost)
        with pytest.raises(DeliveryError):
            pump._visit(read=False)
    assert not gate.is_trusted

    pump._visit(read=False)
    assert gate.is_trusted
