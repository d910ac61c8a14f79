"""An outbox keeps its order however large it is, since its order is that of sending."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import duckdb
import pytest

from runner import counting, waiting
from runner.ledger import Ledger
from runner.warehouse import Session
from runner.warehouse.duckdb_session import DuckDBSession

ROWS = 600_000
"""More than DuckDB copies in one piece."""


@pytest.fixture
def connection() -> Session:
    """A session as the warehouse gives it, with an outbox; one row in six waits."""
    connection = duckdb.connect(config={"threads": 4})
    connection.execute("set preserve_insertion_order = false")
    connection.execute(
        f"""
        create temp table outbox as
        select
            number as was_at, 'p' || number as row_key, '{{"external_id":' as payload,
            case when number >= {ROWS} * 5 // 6 then 'adopted' end as aside
        from range({ROWS}) as numbers(number)
        order by was_at
        """
    )
    return DuckDBSession(connection)


def misplaced(connection: Session) -> int:
    """How many rows stand before one that should leave earlier."""
    row = connection.execute(
        f"""
        select count(*) filter (
            was_at < was_before or (aside is null and aside_before is not null)
        )
        from (
            select
                was_at, aside,
                lag(was_at) over (
                    partition by aside order by {connection.seq}
                ) as was_before,
                lag(aside) over (order by {connection.seq}) as aside_before
            from outbox
        )
        """
    ).fetchone()
    assert row
    return int(row[0])


def count(connection: Session, aside: str) -> int:
    row = connection.execute(f"select count(*) from outbox where {aside}").fetchone()
    assert row
    return int(row[0])


def test_a_limit_leaves_the_order_as_it_was(
    connection: Session,
) -> None:
    """One user's rows would part, and rows that are set aside would be sent."""
    counting._cut(connection, "outbox", ROWS // 2, order=connection.seq)
    assert count(connection, "aside is null") == ROWS // 2
    assert misplaced(connection) == 0


def test_rows_that_must_wait_move_to_the_end_and_the_others_stay(
    connection: Session,
) -> None:
    connection.execute(
        "create temp table runner_touched_users as "
        "select 'external_id:p' || (number * 1000) as user_key "
        f"from range({ROWS} // 2000) as numbers(number)"
    )
    waiting.hold_touched(cast(Ledger, SimpleNamespace(connection=connection)), "outbox")
    assert count(connection, "aside = 'held'") == ROWS // 2000
    assert misplaced(connection) == 0
