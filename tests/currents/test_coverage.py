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


@pytest.mark.parametrize(
    ("since", "until", "files", "holds"),
    [
        (5, 29, {"loaded": [3, 29]}, True),
        (5, 29.5, {"loaded": [3, 29]}, False),
        (5, 29, {"loaded": []}, False),
        # A file that was not read may hold it; one of another time cannot.
        (5.5, 29, {"loaded": [3, 40], "bad": [5]}, False),
        (5.5, 29, {"loaded": [3, 40], "bad": [29]}, False),
        (5.5, 29, {"loaded": [3, 40], "bad": [4, 30]}, True),
        # An hour without a file is a gap where the type has one nearly always.
        (5, 29, {"loaded": [*range(20), *range(22, 60)]}, False),
        (22, 46, {"loaded": [*range(20), *range(22, 60)]}, True),
        (5, 29, {"loaded": range(0, 60, 3)}, True),
        # A file of a far future does not make a regular type a rare one.
        (5, 29, {"loaded": [*range(20), *range(22, 60), 999], "now": 80}, False),
    ],
)
def test_a_time_is_covered_where_nothing_of_it_is_in_doubt(
    since: float, until: float, files: dict[str, list[int]], *, holds: bool
) -> None:
    found = covered(**files)  # type: ignore[arg-type]

    assert found.holds(START + since * HOUR, START + until * HOUR) is holds
