"""The rows that our unit tests are made of give the same pending rows on both engines.

A few of each object, those with most rows that are refused; the tests themselves say
what is right.
"""

from __future__ import annotations

import pytest

from .conftest import Emulator
from .unit_cases import cases, on_duckdb, on_snowflake

CASES = cases()
SAME = [
    "a_changed_name_is_an_update_from_the_one_that_braze_has",
    "a_column_of_json_holds_objects_and_an_item_with_another_stays_here",
    "a_date_that_is_a_text_is_read_as_utc_and_one_that_is_none_is_a_problem",
    "a_deletion_names_the_user_and_the_ledger_will_not",
    "a_kept_profile_that_is_merged_away_is_followed_to_the_end",
    "a_new_catalog_comes_first_with_the_types_of_its_columns_and_items_without_nulls",
    "a_no_that_our_push_overwrote_is_sent_and_our_echo_does_not_hide_it",
    "a_purchase_that_braze_would_refuse_stays_here_with_the_reason",
    "a_renamed_cohort_is_described_again_as_old_as_it_was_and_an_emptied_one_is_not",
    "a_suppressed_user_is_merged_neither_way",
    "a_type_cannot_change_and_the_items_wait_however_often_it_was_refused",
    "an_address_needs_words_that_say_which_profile",
    "an_amount_that_is_a_text_is_not_rounded",
    "an_e_commerce_event_without_what_braze_needs_says_what_it_lacks",
    "an_event_carries_its_key_and_no_null",
    "an_item_that_braze_would_refuse_stays_here_so_that_the_other_49_leave",
    "each_side_of_a_merge_names_one_profile",
    "more_than_a_hundred_articles_are_several_purchases_and_a_refund_has_a_negative_price",
    "of_the_sixteen_orders_of_warehouse_and_braze_five_are_sent",
    "one_id_gets_one_new_one_and_nobody_elses",
    "one_name_a_label_and_one_user_a_name",
    "properties_may_be_a_struct_and_an_event_of_an_app",
    "properties_that_braze_would_refuse_drop_or_misread_are_a_problem",
    "the_old_id_is_removed_once_its_rename_is_in_the_ledger",
    "what_nobody_may_say_is_a_problem_that_says_why",
]


@pytest.mark.parametrize("name", SAME)
def test_a_unit_tests_rows_are_the_same_pending_rows(
    name: str, emulator: Emulator
) -> None:
    case = CASES[name]

    expected, tables = on_duckdb(case)
    with emulator.connect("CASES", "GIVEN") as connection:
        pending = on_snowflake(case, tables, connection, "CASES.GIVEN")

    assert expected
    assert pending == expected
