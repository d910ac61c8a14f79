"""Which files are of the layout: by their paths alone."""

from __future__ import annotations

import pytest

from runner.currents.layout import Listed, sort_out


@pytest.mark.parametrize(
    ("hour", "is_one"),
    [("2026-11-22-10", True), ("0001-01-01-00", False), ("9999-01-01-00", False)],
)
def test_an_hour_that_nobody_lives_in_is_no_part_of_the_layout(
    hour: str,
    is_one: bool,  # noqa: FBT001 - of the table above
) -> None:
    """Between two of them the report of gaps would have millions of hours."""
    path = f"/x/event_type=users.messages.email.Send/date={hour}/7/z/a.avro"

    files, others = sort_out([Listed(path, 1, "e")])

    assert (len(files), others) == ((1, []) if is_one else (0, [path]))
