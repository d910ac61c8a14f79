"""Hours without a file: where Currents may have stopped, or nothing happened.

Braze writes no empty files, so a gap is a question and not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

REGULAR = 0.9
"""A type that has files in this share of its hours is missed where it has none."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours in a row without a file, between hours that have one."""

    event_type: str | None
    """None: no file of any type."""
    first: datetime
    last: datetime
    hours: int


def gaps(connection: duckdb.DuckDBPyConnection, manifest: str) -> list[Gap]:
    """The gaps of all files together, then those of the types that are regular."""
    found = _missed(connection, manifest)
    # What no file at all was written in is said once, not for each type again.
    covered = {(gap.first, gap.last) for gap in found if gap.event_type is None}
    return [
        gap
        for gap in found
        if gap.event_type is None or (gap.first, gap.last) not in covered
    ]


def _missed(connection: duckdb.DuckDBPyConnection, manifest: str) -> list[Gap]:
    """The same, each type's where no type has a file among them."""
    rows = connection.execute(
        f"""
        with

        seen as (
            select distinct event_type, hour from {manifest}
            union all
            select distinct null, hour from {manifest}
        ),

        spans as (
            select event_type, min(hour) as first, max(hour) as last, count(*) as found
            from seen
            group by all
        ),

        expected as (
            select
                event_type,
                found,
                unnest(generate_series(first, last, interval 1 hour)) as hour
            from spans
        ),

        missing as (
            select
                expected.event_type,
                expected.hour,
                expected.hour - row_number() over (
                    partition by expected.event_type order by expected.hour
                ) * interval 1 hour as island
            from expected
            inner join spans
                on expected.event_type is not distinct from spans.event_type
            anti join seen
                on expected.event_type is not distinct from seen.event_type
                and expected.hour = seen.hour
            where
                expected.event_type is null
                or spans.found >= ? * (date_diff('hour', first, last) + 1)
        )

        select event_type, min(hour), max(hour), count(*)
        from missing
        group by event_type, island
        order by event_type nulls first, min(hour)
        """,
        [REGULAR],
    ).fetchall()
    return [Gap(*row) for row in rows]
