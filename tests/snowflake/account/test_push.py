"""Pushes from an account: the lease, outboxes, acknowledgements, transactions.

The tests are the emulator's; those that cut the way to it cannot be asked here.
"""

from __future__ import annotations

import pytest

from tests.snowflake.test_push import (
    test_a_deleted_person_is_suppressed_first_and_scrubbed,
    test_a_push_that_is_killed_is_settled_by_the_next,
    test_events_leave_once_and_those_in_doubt_are_parked,
    test_one_changed_cell_leaves_alone,
    test_refused_rows_are_kept_with_their_reason,
    test_two_pushes_at_once_are_one,
    test_what_is_sent_is_known_and_leaves_once,
)

__all__ = [
    "test_a_deleted_person_is_suppressed_first_and_scrubbed",
    "test_a_push_that_is_killed_is_settled_by_the_next",
    "test_events_leave_once_and_those_in_doubt_are_parked",
    "test_one_changed_cell_leaves_alone",
    "test_refused_rows_are_kept_with_their_reason",
    "test_two_pushes_at_once_are_one",
    "test_what_is_sent_is_known_and_leaves_once",
]

pytestmark = pytest.mark.account
