"""Of which time an event would have come back by now, had it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, pairwise

import duckdb

OFTEN = 10
"""So many other pauses that cover the hours of one make it a quiet time."""

_DAY = timedelta(days=1)

Hours = tuple[datetime, datetime]
"""The first and the last of some hours in a row."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is loaded of one event type; all times in UTC, without a zone."""

    since: datetime | None
    """The first hour of which a file was loaded."""
    until: datetime | None
    """The latest hour of which a file was loaded, none of the future."""
    doubtful: tuple[Hours, ...]
    """What may be missing."""

    def holds(self, since: datetime, until: datetime) -> bool:
        """Whether an event of this time would have been seen."""
        hour = since.replace(minute=0, second=0, microsecond=0)
        if self.since is None or hour < self.since:
            return False
        if self.until is None or until > self.until:
            return False
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
    covered late, or never, which is safe. In doubt are the hours of a file that was not
    read, or of which events were set aside, and every pause that is not a usual one.
    """
    hours = [
        hour
        for (hour,) in connection.execute(
            f"""
            select distinct hour from {manifest}
            where event_type = ? and status = 'loaded' and hour <= ?
            order by hour
            """,
            [event_type, now],
        ).fetchall()
    ]
    not_read = connection.execute(
        f"""
        select hour, hour from {manifest}
        where event_type = ? and (status <> 'loaded' or reason is not null)
        """,
        [event_type],
    ).fetchall()
    if not hours:
        return Coverage(None, None, ())
    return Coverage(hours[0], hours[-1], (*not_read, *_unusual(_pauses(hours))))


def _pauses(hours: Sequence[datetime]) -> list[Hours]:
    """The hours without a file between two that have one."""
    hour = timedelta(hours=1)
    return [
        (one + hour, other - hour)
        for one, other in pairwise(hours)
        if other - one > hour
    ]


def _unusual(pauses: Sequence[Hours]) -> list[Hours]:
    """Those whose hours of the day few others cover: nights are quiet, outages not."""
    found = []
    for pause in pauses:
        covering = (other for other in pauses if _covers(other, pause))
        # One of them is the pause itself.
        if len(list(islice(covering, OFTEN + 1))) <= OFTEN:
            found.append(pause)
    return found


def _covers(other: Hours, pause: Hours) -> bool:
    """Whether it has the same hours of the day, and lasts as long from there on."""
    later = (pause[0] - other[0]) % _DAY
    return later + (pause[1] - pause[0]) <= other[1] - other[0]
