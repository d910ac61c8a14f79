"""What a run had acknowledged is folded in few comparisons, and what is said stays."""

from __future__ import annotations

from typing import Any

import pytest

from runner.fold import finish_run
from runner.ledger import Ack, Ledger

from .test_recovery import OUTBOX, RUN, SYNC, cut_off, ledger  # noqa: F401 - a fixture

REJECTED = ("rejected", "bad", "400")


def fold(ledger: Ledger) -> Any:  # noqa: F811 - pytest's way
    return finish_run(ledger, run_id=RUN, sync=SYNC, outbox=OUTBOX, outcome="completed")


def test_windows_that_say_the_same_are_folded_as_one(ledger: Ledger) -> None:  # noqa: F811
    """A long push has thousands, and on Snowflake each would meet every row."""
    cut_off(ledger)
    for first, last, *said in (
        (4, 5, "accepted"),
        (0, 1, "accepted"),
        (2, 3, "accepted"),
        (6, 6, *REJECTED),
        (7, 7, *REJECTED),
        (8, 8, "rejected", "bad", "401"),
    ):
        ledger.record(RUN, SYNC, [Ack(first, last, *said)])  # type: ignore[arg-type]
    ledger.record(RUN, SYNC, [Ack(0, 8, "claimed")])

    counts = fold(ledger)

    assert (counts.accepted, counts.rejected, counts.unknown) == (6, 3, 0)
    assert ledger.connection.execute(
        "select * from runner_stretches order by first_seq"
    ).fetchall() == [
        (0, 5, "accepted", "", ""),
        (6, 7, *REJECTED),
        (8, 8, "rejected", "bad", "401"),
    ]


@pytest.mark.parametrize(
    ("aside", "acks", "hash_after"),
    [
        (None, (), ""),
        (None, (Ack(0, 0, "accepted", "sent more than once"),), ""),
        (None, (Ack(0, 0, "accepted"),), "h0"),
        ("held", (), "before"),
    ],
)
def test_an_addition_that_may_have_left_is_not_trusted(
    ledger: Ledger,  # noqa: F811
    aside: str | None,
    acks: tuple[Ack, ...],
    hash_after: str,
) -> None:
    """One that waits has not left: what the ledger has of its row stands."""
    cut_off(ledger, *acks)
    ledger.connection.execute(
        f"insert into {ledger.sent} (sync, row_key, row_hash) "
        "values (?, 'e0', 'before')",
        [SYNC],
    )
    ledger.connection.execute(
        f"update {OUTBOX} set change = 'changed', payload = '{{\"$add\":[]}}', "
        "aside = ? where row_key = 'e0'",
        [aside],
    )

    fold(ledger)

    rows = ledger.connection.execute(
        f"select row_hash from {ledger.sent} where row_key = 'e0'"
    ).fetchall()
    assert rows == [(hash_after,)]


def test_no_row_of_the_ledger_is_looked_at_where_nothing_is_added(
    ledger: Ledger,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty million events need not be compared for a word that none has."""
    cut_off(ledger, Ack(0, 9, "accepted"))
    said: list[str] = []
    execute = ledger.connection.execute

    def listened(statement: str, parameters: Any = ()) -> Any:
        said.append(statement)
        return execute(statement, parameters)

    monkeypatch.setattr(ledger.connection, "execute", listened)

    fold(ledger)

    assert not [each for each in said if "set row_hash = ''" in each]
