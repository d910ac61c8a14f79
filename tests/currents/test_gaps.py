"""Which hours without a file are worth a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from runner.currents.gaps import gaps

START = datetime(2026, 11, 1)  # noqa: DTZ001 - UTC without a zone, as in the manifest


def found(hours: dict[str, list[int]]) -> list[Any]:
    """The gaps when each type has files in these hours."""
    with duckdb.connect() as connection:
        connection.execute("create table files (event_type varchar, hour timestamp)")
        for event_type, numbers in hours.items():
            for number in numbers:
                hour = START + timedelta(hours=number)
                connection.execute(
                    "insert into files values (?, ?)", [event_type, hour]
                )
        return [
            (gap.event_type, (gap.first - START) // timedelta(hours=1), gap.hours)
            for gap in gaps(connection, "files")
        ]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({}, []),
        ({"a": [3]}, []),
        ({"a": [1, 2, 3]}, []),
        ({"a": [1, 2, 2, 3]}, []),
        ({"a": [0, 5]}, [(None, 1, 4)]),
        ({"a": [0, 2, 5]}, [(None, 1, 1), (None, 3, 2)]),
        # Another type was written in those hours, and this one comes seldom.
        ({"a": [0, 5], "b": [1, 2, 3, 4]}, []),
        # This one comes nearly always.
        ({"a": [*range(20), *range(21, 40)], "b": [20]}, [("a", 20, 1)]),
        # A gap of all is said once.
        ({"a": [*range(20), *range(21, 40)], "b": [3]}, [(None, 20, 1)]),
    ],
)
def test_gaps_are_hours_without_a_file(
    hours: dict[str, list[int]], expected: list[Any]
) -> None:
    assert found(hours) == expected
