"""Of which time it can be said that an event would have come back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import duckdb
import pytest

from runner.currents.coverage import Coverage, coverage

KIND = "users.behaviors.Purchase"
START = datetime(2026, 11, 1)  # noqa: DTZ001 - UTC without a zone, as in the manifest
HOUR = timedelta(hours=1)


def covered(
    loaded: Iterable[int],
    *,
    bad: Iterable[int] = (),
    others: Iterable[int] = (),
    now: int = 1_000,
) -> Coverage:
    """The coverage when there are files of these hours: of the type, bad, of others."""
    files = [(KIND, hour, None) for hour in loaded]
    files += [(KIND, hour, "this is no Avro file") for hour in bad]
    files += [("users.behaviors.CustomEvent", hour, None) for hour in others]
    with duckdb.connect() as connection:
        connection.execute(
            "create table files "
            "(event_type varchar, hour timestamp, status varchar, reason varchar)"
        )
        for kind, hour, reason in files:
            status = "quarantined" if reason else "loaded"
            connection.execute(
                "insert into files values (?, ?, ?, ?)",
                [kind, START + hour * HOUR, status, reason],
            )
        return coverage(connection, "files", KIND, START + now * HOUR)


@pytest.mark.parametrize(
    ("files", "until"),
    [
        ({"loaded": []}, None),
        ({"loaded": [3, 1]}, 3),
        ({"loaded": [3, 11], "now": 10}, 3),
        ({"loaded": [3, 10], "now": 10}, 10),
        ({"loaded": [3], "others": [5]}, 3),
        ({"loaded": [3], "bad": [5]}, 3),
    ],
)
def test_covered_is_what_was_loaded_of_the_type_and_is_past(
    files: dict[str, list[int]], until: int | None
) -> None:
    found = covered(**files)  # type: ignore[arg-type]

    assert found.until == (None if until is None else START + until * HOUR)


EVERY_HOUR = range(200)
HOLE = [*range(20), *range(22, 60)]


def days(count: int, *without: int) -> list[int]:
    """The hours of a shop that sleeps at night, but for some."""
    hours = (hour for hour in range(24 * count) if 8 <= hour % 24 < 22)
    return [hour for hour in hours if hour not in without]


@pytest.mark.parametrize(
    ("since", "until", "files", "holds"),
    [
        (5, 29, {"loaded": EVERY_HOUR}, True),
        (5.5, 29.5, {"loaded": range(5, 31)}, True),
        (5, 29.5, {"loaded": range(30)}, False),
        (5, 29, {"loaded": []}, False),
        # Nothing is known of what was before the first file.
        (5, 29, {"loaded": [29]}, False),
        (5, 29, {"loaded": range(6, 60)}, False),
        (5, 29, {"loaded": range(100, 200)}, False),
        # A file that was not read may hold it; one of another time cannot.
        (5.5, 29, {"loaded": EVERY_HOUR, "bad": [5]}, False),
        (5.5, 29, {"loaded": EVERY_HOUR, "bad": [29]}, False),
        (5.5, 29, {"loaded": EVERY_HOUR, "bad": [4, 30]}, True),
        # A pause is in doubt, however large it makes the share of empty hours...
        (5, 29, {"loaded": HOLE}, False),
        (22, 46, {"loaded": HOLE}, True),
        (5, 29, {"loaded": [3, 29]}, False),
        (120, 144, {"loaded": [*range(100), *range(150, 200)]}, False),
        (5, 29, {"loaded": [*HOLE, 999], "now": 80}, False),
        # ... unless ten others cover the same hours of the day.
        (100, 124, {"loaded": days(12)}, True),
        (100, 124, {"loaded": days(11)}, False),
        (104, 124, {"loaded": days(30, 104)}, False),
        (100, 124, {"loaded": days(30, 110)}, False),
        (100, 124, {"loaded": days(30, *range(94, 200))}, False),
        (100, 124, {"loaded": days(30, 300)}, True),
    ],
)
def test_a_time_is_covered_where_nothing_of_it_is_in_doubt(
    since: float, until: float, files: dict[str, list[int]], *, holds: bool
) -> None:
    found = covered(**files)  # type: ignore[arg-type]

    assert found.holds(START + since * HOUR, START + until * HOUR) is holds
