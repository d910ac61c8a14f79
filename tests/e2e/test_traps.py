"""The 25 traps of the Braze API sheet (section 14), and which test guards each.

A guard is what keeps us out of a trap; the tests named here fail when it is removed.
Those that no other module had a place for follow the table.
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, REPOSITORY, Shop

from .objects import Objects, status, writes

HERE = "e2e/test_traps"

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
            "runner/test_outcome::test_an_error_without_an_array_is_one_of_attributes",
        ),
    ),
    4: (
        "one bad object must not cost the others",
        ("e2e/test_faults::test_a_bad_row_does_not_keep_the_others_from_arriving",),
    ),
    5: (
        "a repeated event counts twice",
        (f"{HERE}::test_an_event_whose_answer_is_lost_is_never_sent_again_by_itself",),
    ),
    6: (
        "a reset in two dialects",
        (
            "runner/test_outcome::test_a_429_says_how_long_to_wait",
            "runner/test_outcome::test_a_wait_is_never_negative_nor_beyond_the_cap",
        ),
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
            f"{HERE}::test_null_takes_away_blank_stays_and_missing_leaves_alone",
            "runner/test_bad_input::test_a_row_that_the_wire_has_no_form_for",
        ),
    ),
    9: (
        "an object is replaced, or merged where asked; a null in it spoils all",
        (
            f"{HERE}::test_a_null_in_an_object_does_not_cost_the_object",
            "runner/test_attribute_options::"
            "test_braze_ends_with_the_values_of_the_mart",
        ),
    ),
    10: (
        "Braze adds before it removes",
        ("runner/test_attribute_options::test_braze_ends_with_the_values_of_the_mart",),
    ),
    11: (
        "an array is a set, and its order no change",
        (f"{HERE}::test_an_array_in_another_order_or_with_a_value_twice_is_no_change",),
    ),
    12: (
        "a time without a zone",
        (f"{HERE}::test_times_travel_in_utc_whatever_the_zone_of_the_machine",),
    ),
    13: (
        "the first value fixes the type",
        (
            f"{HERE}::test_numbers_travel_as_numbers",
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
            f"{HERE}::test_somebody_with_an_alias_alone_is_created",
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
        (f"{HERE}::test_one_user_is_never_in_flight_twice_and_their_order_is_kept",),
    ),
    18: (
        "a deleted user comes back",
        (
            "e2e/test_erasure::test_a_suppressed_user_is_sent_by_no_mart",
            "e2e/test_erasure::"
            "test_a_person_who_is_deleted_is_not_sent_by_the_same_push",
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
            f"{HERE}::test_neither_old_nor_equal_nor_future_times_hide_or_repeat_a_row",
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
            f"{HERE}::test_a_purchase_is_split_by_the_hundred_and_sent_once",
            f"{HERE}::test_a_purchase_that_braze_would_misread_is_refused_here",
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
        (f"{HERE}::test_what_braze_says_twice_or_late_is_one_word",),
    ),
}

MOMENT = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - UTC, as the marts' columns


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


def test_an_event_whose_answer_is_lost_is_never_sent_again_by_itself(
    objects: Objects,
) -> None:
    """Trap 5: parked and told; an attribute in the same plight is sent again."""
    objects.fill("visits", [("v1", "p1", "visited", MOMENT, None)])
    objects.fill("people", [("p1", "gold", 1)])
    lost = {"rates": {"lost_answer": 1}, "paths": ["/users/track"]}
    with Sandbox(faults=lost) as sandbox:
        assert objects.push(sandbox, "visits").code == 4
        assert objects.push(sandbox, "visits").code == 0
        assert len(sandbox.events()) == 1
        assert status(objects, "visits")["unknown"] == 1

        sandbox.set_faults({"script": ["lost_answer"]})
        assert objects.deliver(sandbox, "people") == 1
        assert len(writes(sandbox, "/users/track")) == 3


def test_null_takes_away_blank_stays_and_missing_leaves_alone(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 8."""
    objects.fill("people", [("p1", "gold", 1), ("p2", "gold", 2), ("p3", "gold", 3)])
    objects.deliver(sandbox, "people")
    objects.fill("people", [("p1", None, 1), ("p2", "", 2), ("p3", "gold", 4)])

    objects.deliver(sandbox, "people")

    sent = writes(sandbox, "/users/track")[-1]["attributes"]
    assert sorted(sent, key=lambda one: str(one["external_id"])) == [
        {"external_id": "p1", "tier": None},
        {"external_id": "p2", "tier": ""},
        {"external_id": "p3", "points": 4},
    ]
    held = {key: one["custom_attributes"] for key, one in sandbox.profiles().items()}
    assert held == {
        "p1": {"points": 1},
        "p2": {"tier": "", "points": 2},
        "p3": {"tier": "gold", "points": 4},
    }


def columns(objects: Objects, expressions: str) -> None:
    """Let the mart of people be one person with these columns."""
    objects.sql(
        "create or replace table main.people as "
        f"select 'p1' as external_id, {expressions}"
    )


def custom(sandbox: Sandbox, key: str = "p1") -> dict[str, Any]:
    return dict(sandbox.profiles()[key]["custom_attributes"])


def test_a_null_in_an_object_does_not_cost_the_object(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 9: Braze drops the whole update of an object that holds one."""
    columns(
        objects,
        "{'city': 'Ulm', 'street': cast(null as varchar)} as home, 1 as points",
    )

    assert objects.deliver(sandbox, "people") == 1

    assert custom(sandbox) == {"home": {"city": "Ulm"}, "points": 1}


def test_an_array_in_another_order_or_with_a_value_twice_is_no_change(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 11: Braze keeps each value once, the last added at the end."""
    objects.fill("lists", [("p1", ["gold", "new", "vip"])])
    objects.deliver(sandbox, "lists")
    objects.fill("lists", [("p1", ["vip", "new", "gold", "vip"])])

    assert objects.deliver(sandbox, "lists") == 0

    objects.fill("lists", [("p1", ["vip", "late", "late"])])
    objects.deliver(sandbox, "lists")
    assert writes(sandbox, "/users/track")[-1]["attributes"] == [
        {"external_id": "p1", "audiences": {"add": ["late"], "remove": ["gold", "new"]}}
    ]
    assert set(custom(sandbox)["audiences"]) == {"vip", "late"}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_times_travel_in_utc_whatever_the_zone_of_the_machine(
    objects: Objects, sandbox: Sandbox, zone: str
) -> None:
    """Trap 12: Braze reads a time without a zone as UTC, whatever was meant."""
    columns(
        objects,
        "timestamp '2026-01-01 08:00:00' as plain, "
        "timestamptz '2026-01-01 08:00:00+02' as zoned, date '2026-01-01' as day",
    )

    # A process of its own: this one has read its zone already.
    pushed = Shop.runner(
        objects, "push", "--yes", "-s", "people", sandbox=sandbox, env={"TZ": zone}
    )

    assert pushed.code == 0, pushed.err
    assert custom(sandbox) == {
        "plain": "2026-01-01T08:00:00.000Z",
        "zoned": "2026-01-01T06:00:00.000Z",
        "day": "2026-01-01",
    }


def test_numbers_travel_as_numbers(objects: Objects, sandbox: Sandbox) -> None:
    """Trap 13: a decimal as text would make a text attribute, for good."""
    columns(
        objects,
        "cast(5 as decimal(18, 2)) as money, 12345678901234567890::hugeint as big, "
        "0.1::double as share, true as flag, '5' as code",
    )

    objects.deliver(sandbox, "people")

    assert custom(sandbox) == {
        "money": 5,
        "big": 12345678901234567890,
        "share": 0.1,
        "flag": True,
        "code": "5",
    }
    assert custom(sandbox)["flag"] is True


def test_somebody_with_an_alias_alone_is_created(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 15: unless told otherwise, Braze ignores an unknown alias."""
    objects.fill("subscribers", [("Ada", "login", "gold"), ("ada", "login", "blue")])

    assert objects.deliver(sandbox, "subscribers") == 2

    found = {
        profile["user_aliases"][0]["alias_name"]: profile["custom_attributes"]
        for profile in sandbox.profiles().values()
    }
    assert found == {"Ada": {"tier": "gold"}, "ada": {"tier": "blue"}}


def test_one_user_is_never_in_flight_twice_and_their_order_is_kept(
    objects: Objects,
) -> None:
    """Trap 17: two writes of one user overwrite each other."""
    objects.sql(
        "insert into main.visits select 'v' || n, case when n % 2 = 0 then 'busy' "
        "else 'p' || (n % 50) end, 'visited', timestamp '2026-01-01' + interval (n) "
        "minute, {'page': n} from range(300) as numbers(n)"
    )
    slow = {"rates": {"slow": 1}, "slow_seconds": 0.02, "paths": ["/users/track"]}
    small = {"RUNNER_OBJECTS_PER_REQUEST": "10"}
    with Sandbox(faults=slow) as sandbox:
        assert objects.deliver(sandbox, "visits", env=small) == 300

        assert sandbox.meters()["same_user_in_flight"] == 1
        busy = [one["time"] for one in sandbox.events() if one["profile"] == "busy"]
    assert len(busy) == 150
    assert busy == sorted(busy)


def test_neither_old_nor_equal_nor_future_times_hide_or_repeat_a_row(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 20: what is new is told by the ledger, not by a time that moves on."""
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    visits = [
        ("v1", "p1", "visited", MOMENT, None),
        ("future", "p2", "visited", later, None),
    ]
    objects.fill("visits", visits)
    assert objects.push(sandbox, "visits").code == 4
    equal = ("v2", "p1", "visited", MOMENT, None)
    older = ("v3", "p1", "visited", MOMENT - timedelta(days=400), None)
    objects.fill("visits", [*visits, equal, older])

    assert objects.deliver(sandbox, "visits") == 2

    keys = [one["properties"]["event_id"] for one in sandbox.events()]
    assert sorted(keys) == ["v1", "v2", "v3"]
    assert objects.deliver(sandbox, "visits") == 0


def sale(key: str, price: float | None, quantity: int, **other: Any) -> tuple[Any, ...]:
    currency = other.get("currency", "EUR")
    return (key, "p1", "shoe", currency, price, quantity, MOMENT, None)


def test_a_purchase_is_split_by_the_hundred_and_sent_once(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 23: a quantity is 100 at most, a price that of one piece."""
    sales = [sale("s1", 2.5, 250), sale("refund", -2.5, 1)]
    objects.fill("sales", sales)

    assert objects.deliver(sandbox, "sales") == 4
    objects.fill("sales", [sale("s1", 3, 250), *sales[1:]])
    assert objects.deliver(sandbox, "sales") == 0
    assert objects.deliver(sandbox, "sales", options=("--full-resync",)) == 0

    told = [(one["price"], one["quantity"]) for one in sandbox.purchases()]
    assert sorted(told) == [(-2.5, 1), (2.5, 50), (2.5, 100), (2.5, 100)]


def test_a_purchase_that_braze_would_misread_is_refused_here(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 23."""
    objects.fill(
        "sales",
        [sale("s1", 1, 1), sale("s2", 1, -1), sale("s3", 1, 1, currency="euro")],
    )

    assert objects.push(sandbox, "sales").code == 4

    assert len(sandbox.purchases()) == 1
    reasons = objects.sql(
        f"select row_key, reason from {LEDGER}.ledger_rejected_rows order by 1"
    )
    assert reasons == [
        (
            "s2",
            "quantity is not a whole number above 0; a refund has a negative price",
        ),
        ("s3", "currency is not three capitals such as EUR"),
    ]


def test_what_braze_says_twice_or_late_is_one_word(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 25: Currents brings a row at least once, and in any order."""
    objects.fill("people", [("p1", "gold", 1)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill("consents", [("p1", "newsletter", "subscribed", MOMENT)])
    days = {"unsubscribed": timedelta(days=3), "subscribed": timedelta(days=1)}
    heard = [
        ("p1", "newsletter", state, MOMENT + days[state])
        for state in ("unsubscribed", "subscribed", "unsubscribed")
    ]
    objects.fill("heard", heard)

    assert objects.deliver(sandbox, "consents") == 0

    asked = MOMENT + timedelta(days=4)
    objects.fill("consents", [("p1", "newsletter", "subscribed", asked)])
    assert objects.deliver(sandbox, "consents") == 1
