"""The 25 traps of the Braze API sheet (section 14), and which test guards each.

A guard is what keeps us out of a trap; the tests named here fail when it is removed.
"""

from __future__ import annotations

import ast

import pytest

from tests.conftest import REPOSITORY

TRAPS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "75 is a total of all arrays",
        ("runner/test_batches::test_no_request_has_more_objects_than_the_limit",),
    ),
    2: (
        "a success is not applied",
        (
            "e2e/test_catalogs::"
            "test_items_lost_in_silence_are_noticed_and_the_next_push_converges",
            "runner/test_outcome::test_half_an_acknowledgement_is_none",
            "runner/test_outcome::test_an_indexed_error_refuses_its_row",
        ),
    ),
    3: (
        "an index counts within one array of one request",
        (
            "runner/test_delivery::"
            "test_indexed_errors_reject_their_rows_and_accept_the_others",
            "runner/test_outcome::"
            "test_an_error_that_names_no_row_of_ours_splits_the_request",
        ),
    ),
    4: (
        "one bad object must not cost the others",
        ("e2e/test_faults::test_a_bad_row_does_not_keep_the_others_from_arriving",),
    ),
    5: (
        "a repeated event counts twice",
        (
            "e2e/test_occurrences::test_an_event_whose_answer_is_lost_is_never_sent_again_by_itself",
        ),
    ),
    6: (
        "a reset in two dialects",
        ("runner/test_outcome::test_a_429_says_how_long_to_wait",),
    ),
    7: (
        "windows that others use up, too",
        (
            "runner/test_gate::test_no_window_sees_more_requests_than_the_limit",
            "runner/test_delivery::"
            "test_the_last_request_of_a_window_pauses_those_after_it",
        ),
    ),
    8: (
        "null, blank and missing are three things",
        (
            "e2e/test_values::test_null_takes_away_blank_stays_and_missing_leaves_alone",
            "runner/test_bad_input::test_a_row_that_the_wire_has_no_form_for",
        ),
    ),
    9: (
        "an object is replaced, or merged where asked; a null in it spoils all",
        (
            "e2e/test_values::test_a_null_in_an_object_does_not_cost_the_object",
            "runner/test_attribute_options::"
            "test_braze_ends_with_the_values_of_the_mart",
        ),
    ),
    10: (
        "Braze adds before it removes",
        (
            "e2e/test_values::"
            "test_an_element_that_changed_is_updated_and_not_removed_and_added",
        ),
    ),
    11: (
        "an array is a set, and its order no change",
        (
            "e2e/test_values::test_an_array_in_another_order_or_with_a_value_twice_is_no_change",
        ),
    ),
    12: (
        "a time without a zone",
        ("e2e/test_values::test_times_travel_in_utc_whatever_the_zone_of_the_machine",),
    ),
    13: (
        "the first value fixes the type",
        (
            "e2e/test_values::test_numbers_travel_as_numbers",
            "e2e/test_attribute_names::test_another_type_of_value_is_asked_about",
        ),
    ),
    14: (
        "two identifiers in one object",
        ("runner/test_bad_input::test_a_mart_with_two_identifiers",),
    ),
    15: (
        "aliases update only, and a name is one user's",
        (
            "e2e/test_values::test_somebody_with_an_alias_alone_is_created",
            "e2e/test_identity::test_two_users_never_have_one_alias",
        ),
    ),
    16: (
        "calls that depend on one another, too close together",
        (
            "e2e/test_identity::test_an_id_is_renamed_and_removed_by_a_later_push",
            "e2e/test_identity::test_nobody_is_written_to_while_their_id_changes",
            "e2e/test_identity::"
            "test_an_alias_of_a_user_whom_the_same_push_creates_waits",
            "e2e/test_catalogs::test_new_fields_are_added_and_waited_for",
        ),
    ),
    17: (
        "two writes of one user in flight",
        (
            "e2e/test_occurrences::test_one_user_is_never_in_flight_twice_and_their_order_is_kept",
        ),
    ),
    18: (
        "a deleted user comes back",
        (
            "e2e/test_forget::test_a_suppressed_user_is_sent_by_no_mart",
            "e2e/test_erasure::"
            "test_a_person_who_is_deleted_is_not_sent_by_the_same_push",
            "e2e/test_options::test_who_left_the_mart_does_not_come_back_into_braze",
        ),
    ),
    19: (
        "catalog requests are refused whole, and applied later",
        (
            "e2e/test_catalogs::test_one_bad_item_never_costs_the_other_forty_nine",
            "e2e/test_catalogs::test_a_catalog_is_made_filled_changed_and_emptied",
        ),
    ),
    20: (
        "a timestamp as a cursor",
        (
            "e2e/test_occurrences::test_neither_old_nor_equal_nor_future_times_hide_or_repeat_a_row",
            "runner/test_bad_input::test_keys_in_more_than_one_row",
        ),
    ),
    21: (
        "an address moves everybody who shares it, stale consent subscribes",
        (
            "e2e/test_subscriptions::"
            "test_a_state_by_email_says_whom_it_reaches_and_names_no_address",
            "e2e/test_subscriptions::"
            "test_brazes_later_word_wins_and_a_newer_consent_wins_over_it",
            "e2e/test_subscriptions::test_nobody_is_subscribed_again_who_left_in_braze",
        ),
    ),
    22: (
        "cohorts need a partner, and have their limits",
        (
            "e2e/test_cohorts::"
            "test_what_a_partner_must_have_is_asked_for_in_one_sentence",
            "e2e/test_cohorts::"
            "test_a_request_holds_a_thousand_ids_and_a_cohort_is_never_in_flight_twice",
            "e2e/test_cohorts::"
            "test_members_whom_the_same_push_creates_wait_until_braze_has_them",
            "e2e/test_options::test_false_lowers_the_flags_and_remembers_the_rest",
        ),
    ),
    23: (
        "purchases by the hundred, and never twice",
        (
            "e2e/test_occurrences::test_a_purchase_is_split_by_the_hundred_and_sent_once",
            "e2e/test_occurrences::test_a_purchase_that_braze_would_misread_is_refused_here",
        ),
    ),
    24: (
        "hosts and keys",
        (
            "runner/test_endpoint::test_an_instance_is_its_rest_host",
            "runner/test_leaks::test_the_key_is_nowhere_when_braze_repeats_it",
        ),
    ),
    25: (
        "what is read back comes twice",
        ("e2e/test_subscriptions::test_what_braze_says_twice_or_late_is_one_word",),
    ),
}


def test_every_trap_has_a_guard() -> None:
    assert list(TRAPS) == list(range(1, 26))


@pytest.mark.parametrize("number", TRAPS)
def test_every_guard_is_a_test_that_exists(number: int) -> None:
    """A test that is renamed must not leave its trap open unseen."""
    for guard in TRAPS[number][1]:
        module, _, name = guard.partition("::")
        source = (REPOSITORY / "tests" / f"{module}.py").read_text(encoding="utf-8")
        names = {
            node.name
            for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef)
        }
        assert name in names, guard
