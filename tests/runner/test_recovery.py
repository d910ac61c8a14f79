"""What becomes of a run's rows when the run was cut off, by claims and by journal."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from runner.errors import ConfigError
from runner.journal import Journal
from runner.ledger import Ack, Ledger, utcnow
from runner.manifest import LEDGER_TABLES, Relation
from runner.recovery import recover
from runner.warehouse.duckdb_session import DuckDBSession

from .rendering import render_model

MODELS = Path(__file__).parents[2] / "models" / "sync" / "ledger"
RUN, SYNC, OUTBOX = "run-1", "events", "outbox_1_0"
ROWS = 10


@pytest.fixture
def ledger() -> Ledger:
    """An empty ledger in memory, as its models say."""
    connection = duckdb.connect()
    for name in LEDGER_TABLES:
        model = render_model("duckdb", MODELS / f"{name}.sql", execute=True)
        connection.execute(f"create table {name} as {model}")
    tables = {name: Relation("memory", "main", name) for name in LEDGER_TABLES}
    return Ledger(DuckDBSession(connection), tables)


def cut_off(ledger: Ledger, *acks: Ack, problem: int | None = None) -> None:
    """A run of ten rows that got as far as these acks."""
    ledger.connection.execute(
        f"""
        create table {OUTBOX} as
        select
            'e' || number as row_key, 'added' as change, '{{}}' as payload,
            '{{"name":"viewed"}}' as row_json, 'h' || number as row_hash,
            1 as data_points, if(number = ?, 'no name', null) as problem,
            cast(null as varchar) as aside
        from range({ROWS}) as numbers(number)
        """,
        [problem],
    )
    ledger.start_run(
        run_id=RUN,
        sync=SYNC,
        plan_id="plan",
        revision="",
        planned=ROWS,
        outbox=OUTBOX,
        endpoint="http://127.0.0.1",
        columns="{}",
        held=0,
    )
    ledger.record(RUN, SYNC, acks)


def settled(ledger: Ledger, journals: Path) -> dict[str, list[int]]:
    """Recover, and return the numbers of the rows in each of the ledger's classes."""
    said: list[str] = []
    recover(ledger, journals, said.append)
    found: dict[str, list[int]] = {}
    for table in ("sent", "rejected", "unknown"):
        rows = ledger.connection.execute(
            f"select cast(row_key[2:] as integer) from ledger_{table}_rows order by 1"
        ).fetchall()
        if rows:
            found[table] = [number for (number,) in rows]
    return found


def journal(folder: Path) -> Journal:
    return Journal(folder / f"{OUTBOX}.jsonl")


CLAIM = Ack(0, 7, "claimed")


def test_a_claim_without_a_journal_is_unknown(ledger: Ledger, tmp_path: Path) -> None:
    """F02 on a disk that is gone: any of them may have left."""
    cut_off(ledger, CLAIM)
    assert settled(ledger, tmp_path) == {"unknown": [0, 1, 2, 3, 4, 5, 6, 7]}


def test_an_answer_that_was_recorded_counts_without_a_journal(
    ledger: Ledger, tmp_path: Path
) -> None:
    cut_off(
        ledger,
        CLAIM,
        Ack(1, 2, "accepted"),
        Ack(3, 3, "rejected", "bad", "201"),
        Ack(4, 4, "unknown", "lost"),
    )
    assert settled(ledger, tmp_path) == {
        "sent": [1, 2],
        "rejected": [3],
        "unknown": [0, 4, 5, 6, 7],
    }


def test_a_claim_with_an_empty_journal_is_pending(
    ledger: Ledger, tmp_path: Path
) -> None:
    """F02: claimed, and not a byte of it left."""
    cut_off(ledger, CLAIM)
    journal(tmp_path)
    assert settled(ledger, tmp_path) == {}


def test_what_the_journal_saw_leave_is_unknown(ledger: Ledger, tmp_path: Path) -> None:
    """F03: it may have been answered, and nobody wrote that down."""
    cut_off(ledger, CLAIM)
    journal(tmp_path).begin((2, 3))
    assert settled(ledger, tmp_path) == {"unknown": [2, 3]}


def test_an_answer_in_the_journal_counts(ledger: Ledger, tmp_path: Path) -> None:
    """F04: written down, and not yet recorded in the warehouse."""
    cut_off(ledger, CLAIM)
    written = journal(tmp_path)
    written.begin((0, 1, 2))
    written.settle([Ack(0, 1, "accepted"), Ack(2, 2, "rejected", "bad", "201")])
    assert settled(ledger, tmp_path) == {"sent": [0, 1], "rejected": [2]}


def test_an_answer_in_both_counts_once(ledger: Ledger, tmp_path: Path) -> None:
    """The journal goes back to the run's beginning, past what was recorded."""
    cut_off(ledger, CLAIM, Ack(0, 1, "accepted"))
    written = journal(tmp_path)
    written.begin((0, 1))
    written.settle([Ack(0, 1, "accepted")])
    assert settled(ledger, tmp_path) == {"sent": [0, 1]}


def test_a_row_that_cannot_travel_is_rejected_and_not_unknown(
    ledger: Ledger, tmp_path: Path
) -> None:
    """It stands between rows that were claimed."""
    cut_off(ledger, CLAIM, problem=3)
    assert settled(ledger, tmp_path) == {
        "rejected": [3],
        "unknown": [0, 1, 2, 4, 5, 6, 7],
    }


def test_rows_that_may_be_repeated_are_pending_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Attributes are not claimed: what has no answer is simply sent once more."""
    cut_off(ledger, Ack(0, 4, "accepted"))
    assert settled(ledger, tmp_path) == {"sent": [0, 1, 2, 3, 4]}


def test_a_second_recovery_changes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    cut_off(ledger, CLAIM)
    journal(tmp_path).begin((2, 3))
    first = settled(ledger, tmp_path)
    assert settled(ledger, tmp_path) == first


def test_the_run_ends_with_its_numbers(ledger: Ledger, tmp_path: Path) -> None:
    cut_off(ledger, CLAIM, Ack(1, 2, "accepted"))
    recover(ledger, tmp_path, lambda _: None)
    row = ledger.connection.execute(
        "select accepted, rejected, unknown, outcome, finished_at is null "
        "from ledger_runs"
    ).fetchone()
    assert row == (2, 0, 6, "interrupted", False)


def test_the_outbox_and_the_acks_are_gone(ledger: Ledger, tmp_path: Path) -> None:
    cut_off(ledger, CLAIM)
    recover(ledger, tmp_path, lambda _: None)
    assert not ledger.has(OUTBOX)
    assert ledger.acks_of(RUN, SYNC) == []


def test_whoever_pushes_is_told_how_many_are_unknown(
    ledger: Ledger, tmp_path: Path
) -> None:
    cut_off(ledger, CLAIM)
    said: list[str] = []
    recover(ledger, tmp_path, said.append)
    assert "8 are unknown. To see them: runner unknown" in said[0]


def test_a_journal_of_a_run_that_is_over_is_named_to_be_removed(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Not removed here: the transaction that needs it may still fail."""
    cut_off(ledger, CLAIM)
    path = journal(tmp_path).path
    for _ in range(2):
        assert recover(ledger, tmp_path, lambda _: None) == [path]
        assert path.exists()


def test_a_journal_of_another_ledger_is_left_alone(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Another target's push may be at work beside this one."""
    Journal(tmp_path / "outbox_2_0.jsonl")
    assert recover(ledger, tmp_path, lambda _: None) == []


@pytest.mark.parametrize("acks", [(), (Ack(0, 7, "accepted"),)])
def test_a_run_without_an_outbox_is_given_up(
    ledger: Ledger, tmp_path: Path, acks: tuple[Ack, ...]
) -> None:
    """Nothing left, or what may leave again."""
    cut_off(ledger, *acks)
    ledger.connection.execute(f"drop table {OUTBOX}")
    assert settled(ledger, tmp_path) == {}
    assert ledger.unfinished_runs() == []


def test_claims_in_an_outbox_that_cannot_be_seen_stop_every_push(
    ledger: Ledger, tmp_path: Path
) -> None:
    """On Snowflake it may be another role's: given up, its events would leave twice."""
    cut_off(ledger, CLAIM, Ack(0, 1, "accepted"))
    ledger.connection.execute(f"alter table {OUTBOX} rename to another_role_s")

    with pytest.raises(ConfigError, match=f"{OUTBOX}.*not for this role to see"):
        recover(ledger, tmp_path, lambda _: None)

    ledger.connection.execute(f"alter table another_role_s rename to {OUTBOX}")
    left = {"sent": [0, 1], "unknown": [2, 3, 4, 5, 6, 7]}
    assert settled(ledger, tmp_path) == left


def test_an_outbox_without_a_run_is_dropped_after_a_day(
    ledger: Ledger, tmp_path: Path
) -> None:
    """A younger one may be somebody's who looks at a plan."""
    old, young = (
        "outbox_20200101t000000_abc_0",
        f"outbox_{utcnow():%Y%m%dt%H%M%S}_abc_0",
    )
    for outbox in (old, young):
        ledger.connection.execute(f"create table {outbox} (row_key varchar)")
    with ledger.transaction():
        recover(ledger, tmp_path, lambda _: None)
    assert [ledger.has(outbox) for outbox in (old, young)] == [False, True]
