"""When `runner run` takes its turns, in UTC. Pure: the clock and the wait are given.

A turn never begins before the one before has ended. Turns that nobody could take are
counted, told, and made up for by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from .errors import ConfigError

PUNCTUAL = timedelta(seconds=10)
"""A turn that begins this late was not missed."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CRON_FIELDS = 5


class Schedule(Protocol):
    """A row of moments without an end."""

    def first(self, now: datetime) -> datetime:
        """When the first turn is, asked at the start."""

    def after(self, moment: datetime) -> datetime:
        """The first moment later than this one."""


@dataclass(frozen=True, slots=True)
class Every:
    """At the start, and whenever so much time has passed since then."""

    start: datetime
    interval: timedelta

    def first(self, now: datetime) -> datetime:
        """At once."""
        return now

    def after(self, moment: datetime) -> datetime:
        """The next point of the grid that begins at the start."""
        passed = max((moment - self.start) // self.interval, -1)
        return self.start + (passed + 1) * self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """As a line of a crontab says, in UTC: no hour is skipped and none comes twice."""

    expression: str

    def first(self, now: datetime) -> datetime:
        """The expression's next moment: the start is none of its own."""
        return self.after(now)

    def after(self, moment: datetime) -> datetime:
        """The expression's next moment."""
        from cronsim import CronSim  # noqa: PLC0415 - only a cron schedule needs it

        return next(CronSim(self.expression, moment.astimezone(UTC)))


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn, at the moment at which it may begin."""

    began: datetime
    missed: tuple[datetime, datetime] | None
    """The first and the last moment at which no turn could begin."""
    missed_count: int
    following: datetime
    """When the next one is due."""


def parse_every(text: str, start: datetime) -> Every:
    """Read "90s", "15m", "2h" or "1d", or raise ConfigError."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if not found or not int(found[1]):
        msg = f"--every '{text}': say a number and s, m, h or d, such as 15m."
        raise ConfigError(msg)
    return Every(start, timedelta(**{_UNITS[found[2]]: int(found[1])}))


def parse_cron(text: str, now: datetime) -> Cron:
    """Read the five fields of a crontab, or raise ConfigError."""
    from cronsim import CronSimError  # noqa: PLC0415

    schedule = Cron(" ".join(text.split()))
    try:
        if len(text.split()) != _CRON_FIELDS:
            msg = "Wrong number of fields"
            raise CronSimError(msg)
        schedule.after(now)
    except (CronSimError, StopIteration) as error:
        reason = str(error) or "There is no such day"
        msg = (
            f"--cron '{text}': {reason}. Say minute, hour, day, month and weekday, "
            "such as '*/15 * * * *'."
        )
        raise ConfigError(msg) from None
    return schedule


def turns(
    schedule: Schedule,
    clock: Callable[[], datetime],
    wait: Callable[[datetime], None],
) -> Iterator[Turn]:
    """Yield a turn when its time has come; the caller takes it before asking again."""
    due = schedule.first(clock())
    while True:
        if clock() < due:
            wait(due)
        turn = _turn(schedule, due, clock())
        yield turn
        due = turn.following


def _turn(schedule: Schedule, due: datetime, now: datetime) -> Turn:
    """The turn that begins now for everything that was due since."""
    passed = [due]
    while (later := schedule.after(passed[-1])) <= now:
        passed.append(later)
    if now - passed[-1] <= PUNCTUAL:
        passed.pop()
    return Turn(
        began=now,
        missed=(passed[0], passed[-1]) if passed else None,
        missed_count=len(passed),
        following=schedule.after(max(now, due)),
    )
