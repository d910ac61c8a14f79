"""When turns are taken, by a clock that only the test moves."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ConfigError
from runner.schedule import Schedule, Turn, parse_cron, parse_every, turns

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(clock: str, day: int = 1) -> datetime:
    """A moment of November 2026."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return datetime(2026, 11, day, hour, minute, *second, tzinfo=UTC)


class Clock:
    """Stands still but for `wait` and what a test adds."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.asleep = timedelta()
        """How much longer than asked the next wait takes, as on a closed laptop."""

    def __call__(self) -> datetime:
        return self.now

    def wait(self, until: datetime) -> None:
        assert until > self.now, "nobody waits for the past"
        self.now, self.asleep = until + self.asleep, timedelta()


def begin(schedule: Schedule, clock: Clock) -> Iterator[Turn]:
    return turns(schedule, clock, clock.wait)


def moments(schedule: Schedule, count: int, start: datetime = NOON) -> list[datetime]:
    """When turns begin that take no time."""
    clock = Clock(start)
    found = begin(schedule, clock)
    return [next(found).began for _ in range(count)]


def test_every_begins_at_once_and_goes_on_in_its_interval() -> None:
    schedule = parse_every("15m", NOON)

    assert moments(schedule, 3) == [NOON, at("12:15"), at("12:30")]


@pytest.mark.parametrize(
    ("text", "second"),
    [("90s", "12:01:30"), ("15m", "12:15"), ("2h", "14:00"), (" 1h ", "13:00")],
)
def test_every_knows_its_units(text: str, second: str) -> None:
    assert moments(parse_every(text, NOON), 2)[1] == at(second)


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "-5m", "1.5h", "15 m", "15M"])
def test_every_refuses_what_is_no_interval(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 15m"):
        parse_every(text, NOON)


def test_cron_waits_for_the_first_moment_of_its_expression() -> None:
    schedule = parse_cron("*/15 * * * *", NOON)

    assert moments(schedule, 3, at("12:07")) == [
        at("12:15"),
        at("12:30"),
        at("12:45"),
    ]


def test_cron_knows_weekdays() -> None:
    schedule = parse_cron("30 6 * * mon-fri", NOON)

    # 1 November 2026 is a Sunday.
    assert moments(schedule, 6)[-2:] == [at("6:30", day=6), at("6:30", day=9)]


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "* * * * * *", "61 * * * *", "*/0 * * * *", "0 0 31 2 *", "@daily"],
)
def test_cron_refuses_what_no_crontab_holds(text: str) -> None:
    with pytest.raises(ConfigError, match="such as"):
        parse_cron(text, NOON)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_daylight_saving_has_no_say(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both zones turn their clocks back in these nights; UTC does not."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        start = datetime(2026, 10, 25, tzinfo=UTC)
        hourly = moments(parse_cron("0 * * * *", start), 24 * 8, start)
        nightly = moments(parse_cron("30 2 * * *", start), 8, start)
    finally:
        monkeypatch.undo()
        time.tzset()

    steps = {later - earlier for earlier, later in itertools.pairwise(hourly)}
    assert steps == {timedelta(hours=1)}
    assert {moment.strftime("%H:%M") for moment in nightly} == {"02:30"}


def test_a_turn_in_time_misses_nothing() -> None:
    clock = Clock()
    found = begin(parse_every("15m", NOON), clock)
    next(found)
    clock.now = at("12:14")

    turn = next(found)
    assert (turn.began, turn.missed_count, turn.missed) == (at("12:15"), 0, None)
    assert turn.following == at("12:30")


def test_a_turn_that_takes_longer_is_made_up_for_once_and_told() -> None:
    clock = Clock()
    found = begin(parse_every("15m", NOON), clock)
    next(found)
    clock.now = at("12:50")

    made_up = next(found)
    assert made_up.began == at("12:50")
    assert (made_up.missed_count, made_up.missed) == (3, (at("12:15"), at("12:45")))
    assert next(found).began == at("13:00")


def test_a_turn_that_ends_as_the_next_is_due_has_missed_none() -> None:
    clock = Clock()
    found = begin(parse_every("15m", NOON), clock)
    next(found)
    clock.now = at("12:15:04")

    turn = next(found)
    assert (turn.missed_count, turn.following) == (0, at("12:30"))


def test_a_moment_that_is_due_again_after_a_long_turn_is_no_missed_one() -> None:
    """12:15 and 12:30 passed while the first turn was at work; 12:45 is in time."""
    clock = Clock()
    found = begin(parse_every("15m", NOON), clock)
    next(found)
    clock.now = at("12:45:01")

    turn = next(found)
    assert (turn.missed_count, turn.missed) == (2, (at("12:15"), at("12:30")))
    assert turn.following == at("13:00")


def test_a_machine_that_slept_makes_up_for_one_turn() -> None:
    clock = Clock()
    found = begin(parse_cron("*/15 * * * *", NOON), clock)
    next(found)
    clock.asleep = timedelta(hours=8)

    turn = next(found)
    assert turn.began == at("20:30")
    assert (turn.missed_count, turn.missed) == (32, (at("12:30"), at("20:15")))
    assert next(found).began == at("20:45")


def test_a_clock_that_was_set_back_repeats_no_turn() -> None:
    clock = Clock()
    found = begin(parse_every("15m", NOON), clock)
    next(found)
    clock.now = at("11:30")

    assert next(found).began == at("12:15")


@given(
    interval=st.integers(1, 300),
    lengths=st.lists(st.integers(0, 2_000), min_size=1, max_size=20),
)
def test_every_moment_is_taken_or_told_and_none_twice(
    interval: int, lengths: list[int]
) -> None:
    clock = Clock()
    schedule = parse_every(f"{interval}s", NOON)
    found = begin(schedule, clock)
    taken, missed = [], 0
    for length in lengths:
        turn = next(found)
        taken.append(turn)
        missed += turn.missed_count
        clock.now = turn.began + timedelta(seconds=length)

    assert all(
        later.began >= earlier.began + timedelta(seconds=length)
        for earlier, later, length in zip(taken, taken[1:], lengths, strict=False)
    )
    passed = (taken[-1].began - NOON) // timedelta(seconds=interval) + 1
    in_time = sum(
        turn.missed is None
        or turn.missed[1] + timedelta(seconds=interval) <= turn.began
        for turn in taken
    )
    assert in_time + missed == passed
