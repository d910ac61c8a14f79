"""Of which time an event would have come back by now, had it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from .gaps import missed


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is loaded of one event type; all times in UTC, without a zone."""

    until: datetime | None
    """The latest hour of which a file was loaded, none of the future."""
    doubtful: tuple[tuple[datetime, datetime], ...]
    """First and last hour of what may be missing."""

    def holds(self, since: datetime, until: datetime) -> bool:
        """Whether an event of this time would have been seen."""
        if self.until is None or until > self.until:
            return False
        hour = since.replace(minute=0, second=0, microsecond=0)
        return not any(first <= until and hour <= last for first, last in self.doubtful)


def coverage(
    connection: duckdb.DuckDBPyConnection,
    manifest: str,
    event_type: str,
    now: datetime,
) -> Coverage:
    """What of the type is covered, judged by files of this very type.

    Another type's files prove nothing of it: a load that was ended, or one of a single
    type's folder, has read the one and not the other. So a type that comes seldom is
    covered late, which is safe. In doubt are the hours of a file that was not read, or
    of which events were set aside; and, where the type has files nearly always, the
    hours without one, for those the report of gaps names as well.
    """
    past = (
        f"(select event_type, hour from {manifest} where event_type = '{event_type}' "
        f"and status = 'loaded' and hour <= timestamp '{now}')"
    )
    row = connection.execute(f"select max(hour) from {past}").fetchone()
    not_read = connection.execute(
        f"""
        select hour, hour from {manifest}
        where event_type = ? and (status <> 'loaded' or reason is not null)
        """,
        [event_type],
    ).fetchall()
    gaps = [(gap.first, gap.last) for gap in missed(connection, past) if gap.event_type]
    return Coverage(row[0] if row else None, (*not_read, *gaps))
