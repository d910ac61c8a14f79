"""Rows of an unknown fate are settled by what somebody found out: sent, or not."""

from __future__ import annotations

import pytest

from runner.errors import GuardError
from runner.ledger import Ledger
from runner.manifest import Relation, Sync
from runner.unsettled import Chosen, mark_sent, resend

from .test_recovery import ledger  # noqa: F401 - a fixture

ROWS = [
    ("events", "e1", "run-1"),
    ("events", "e2", "run-1"),
    ("events", "e3", "run-2"),
    ("orders", "e1", "run-2"),
]


@pytest.fixture
def parked(ledger: Ledger) -> Ledger:  # noqa: F811 - pytest's way
    """A ledger with four unknown rows of two syncs and two runs."""
    for sync, key, run_id in ROWS:
        ledger.connection.execute(
            f"insert into {ledger.unknown} values "
            "(?, ?, 'hash', 'added', '{}', 'lost', '', ?, now(), '{\"name\":1}', 1)",
            [sync, key, run_id],
        )
    return ledger


def sync(ledger: Ledger, name: str) -> Sync:  # noqa: F811
    """A sync whose pending view offers what is not unknown."""
    ledger.connection.execute(
        f"create or replace view {name}_rows as select row_key from (values "
        f"('e1'), ('e2'), ('e3')) as mart (row_key) where row_key not in "
        f"(select row_key from {ledger.unknown} where sync = '{name}')"
    )
    database = ledger.runs.database
    pending = Relation(database, "main", f"{name}_rows")
    return Sync(name, "braze", "events", pending, ())


def chosen_by(
    ledger: Ledger,  # noqa: F811
    choice: tuple[list[str], list[str], str | None],
) -> Chosen:
    names, keys, run_id = choice
    return Chosen([sync(ledger, name) for name in names], keys, run_id)


def left(ledger: Ledger, table: str = "unknown") -> list[tuple[str, ...]]:  # noqa: F811
    return ledger.connection.execute(
        f"select sync, row_key, run_id from ledger_{table}_rows order by all"
    ).fetchall()


CHOICES = [
    ((["events", "orders"], [], None), ROWS),
    ((["events"], [], None), ROWS[:3]),
    ((["events"], ["e1", "e3"], None), [ROWS[0], ROWS[2]]),
    ((["events"], [], "run-1"), ROWS[:2]),
    ((["events", "orders"], ["e1"], "run-2"), [ROWS[3]]),
    ((["events"], ["e9"], None), []),
    (([], [], None), []),
]


@pytest.mark.parametrize(("choice", "chosen"), CHOICES)
def test_what_is_sent_again_is_only_forgotten(
    parked: Ledger, choice: tuple[list[str], list[str], str | None], chosen: list[str]
) -> None:
    assert resend(parked, chosen_by(parked, choice)) == len(chosen)
    assert left(parked) == [row for row in ROWS if row not in chosen]
    assert left(parked, "sent") == []


@pytest.mark.parametrize(("choice", "chosen"), CHOICES)
def test_what_arrived_is_known_as_sent(
    parked: Ledger, choice: tuple[list[str], list[str], str | None], chosen: list[str]
) -> None:
    assert mark_sent(parked, chosen_by(parked, choice)) == len(chosen)
    assert left(parked) == [row for row in ROWS if row not in chosen]
    assert left(parked, "sent") == chosen


def test_what_is_marked_as_sent_keeps_its_content(parked: Ledger) -> None:
    """The ledger must say of it what it would say of an accepted row."""
    mark_sent(parked, chosen_by(parked, (["orders"], [], None)))
    rows = parked.connection.execute(
        "select row_hash, row_json, sent_at is not null from ledger_sent_rows"
    ).fetchall()
    assert rows == [("hash", '{"name":1}', True)]


def test_what_left_the_mart_is_not_forgotten(parked: Ledger) -> None:
    parked.connection.execute(f"update {parked.unknown} set row_key = 'gone'")
    with pytest.raises(GuardError, match="not in the mart"):
        resend(parked, chosen_by(parked, (["orders"], [], None)))
