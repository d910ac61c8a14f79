"""What is printed: aligned tables, the JSON of design 5.4, and nobody's address."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from runner.ledger import Counts
from runner.manifest import Relation, Sync
from runner.masking import masked_payload
from runner.objects import OBJECTS
from runner.plan import Guard, Plan, Stage, SyncPlan
from runner.report import (
    plan_json,
    plan_markdown,
    plan_text,
    push_json,
    push_text,
    table,
)
from runner.result import PushResult, SyncResult
from runner.settings import Limits

PERSON = {
    "external_id": "p1",
    "email": "ada@example.com",
    "phone": "+31612345678",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "dob": "1815-12-10",
    "home_city": "London",
    "current_location": {"longitude": 4.9, "latitude": 52.4},
    "nickname": "The Countess",
    "loyalty_tier": "gold",
}
SECRETS = [
    "ada@example.com",
    "+31612345678",
    "Ada",
    "Lovelace",
    "1815-12-10",
    "London",
    "52.4",
    "The Countess",
]


def sync(name: str = "people") -> Sync:
    pending = Relation("shop", "main", f"{name}__pending")
    return Sync(name, "braze", "attributes", pending, (), pii=frozenset({"nickname"}))


def stage(requests: int) -> Stage:
    track = OBJECTS["braze"]["attributes"].operations[0]
    return Stage(
        track,
        is_ordered=False,
        first_seq=0,
        last_seq=1_233,
        sendable=1_234,
        requests=requests,
        payload_bytes=100_000,
        largest_payload=1_000,
    )


def sync_plan(**more: Any) -> SyncPlan:
    values: dict[str, Any] = {
        "sync": sync(),
        "added": 1_200,
        "changed": 30,
        "removed": 4,
        "refused": 0,
        "stages": (stage(17),),
        "data_points": 5_000,
        "checksum": "1",
        "samples": (("added", json.dumps(PERSON)),),
        **more,
    }
    return SyncPlan(**values)


def result() -> PushResult:
    counts = Counts(accepted=90, rejected=4, unknown=1)
    return PushResult(
        "run-1", "plan-1", (SyncResult("people", 100, counts, 3, 1.23456),)
    )


def columns(line: str) -> int:
    """How many columns of a terminal a line takes."""
    widths = {"W": 2, "F": 2}
    return sum(
        0
        if unicodedata.combining(char)
        else widths.get(unicodedata.east_asian_width(char), 1)
        for char in line
    )


# -- tables


def test_text_is_aligned_left_and_numbers_right() -> None:
    expected = "sync    added\n------  -----\npeople      3\nx       1,200"
    assert expected == table(["sync", "added"], [["people", 3], ["x", 1200]])


@pytest.mark.parametrize(
    "text",
    [
        "people",
        "顧客",
        "ﾊﾝｶｸ",
        "e\u0301le\u0300ve",
        "\uff37\uff49\uff44\uff45",
        "łódź",
        "😀",
    ],
)
def test_the_second_column_begins_where_its_header_does(text: str) -> None:
    lines = table(["name", "next"], [[text, "|"], ["a much longer text", "|"]])
    header, _, first, second = lines.split("\n")
    at = columns(second[: second.index("|")])
    assert (at, at) == (header.index("next"), columns(first[: first.index("|")]))


def test_a_table_without_rows_is_its_header() -> None:
    assert table(["sync", "added"], []) == "sync  added\n----  -----"


def test_nothing_is_shown_as_a_dash() -> None:
    assert table(["sync"], [[None]]).endswith("\n-")


def test_a_mixed_column_is_text() -> None:
    lines = table(["a", "b"], [[None, "|"], [12, "|"]]).split("\n")
    assert lines[2:] == ["-   |", "12  |"]


def test_no_line_ends_in_blanks() -> None:
    lines = table(["a", "b"], [["x", ""], ["xxxx", "y"]]).split("\n")
    assert lines == [line.rstrip() for line in lines]


# -- who somebody is


@pytest.mark.parametrize("secret", SECRETS)
def test_what_tells_who_somebody_is_is_masked(secret: str) -> None:
    assert secret not in masked_payload(json.dumps(PERSON), frozenset({"nickname"}))


def test_what_tells_nothing_is_shown() -> None:
    payload = '{"external_id":"p1","loyalty_tier":"gold"}'
    assert json.loads(payload) == json.loads(masked_payload(payload, frozenset()))


def test_a_null_is_shown_as_null() -> None:
    payload = '{"external_id":"p1","email":null}'
    assert json.loads(payload) == json.loads(masked_payload(payload, frozenset()))


def test_an_email_that_identifies_is_masked_too() -> None:
    payload = '{"email":"ada@example.com","n":1}'
    assert "ada@" not in masked_payload(payload, frozenset())


def test_an_alias_is_shown_unless_it_is_declared_as_personal() -> None:
    payload = '{"user_alias":{"alias_name":"ada@example.com","alias_label":"e"}}'
    assert "ada@" not in masked_payload(payload, frozenset({"alias_name"}))


def test_a_long_payload_is_cut() -> None:
    payload = json.dumps({"external_id": "p1", "note": "x" * 1_000})
    assert len(masked_payload(payload, frozenset())) == 160


@pytest.mark.parametrize("payload", ["", "{", "NaN{", '{"a":NaN'])
def test_a_payload_that_is_no_json_is_not_shown(payload: str) -> None:
    assert masked_payload(payload, frozenset()) == "(not JSON)"


@pytest.mark.parametrize("payload", ["[1]", "null", "7"])
def test_a_payload_that_is_no_object_is_not_shown(payload: str) -> None:
    assert masked_payload(payload, frozenset()) == "(not JSON)"


@pytest.mark.parametrize(
    ("payload", "shown"),
    [('"c-1"', '"c-1"'), ('"ada@example.com"', "***"), ('"+31612345678"', "***")],
)
def test_a_bare_id_is_shown_and_an_address_is_not(payload: str, shown: str) -> None:
    assert masked_payload(payload, frozenset()) == shown


@pytest.mark.parametrize(
    "payload",
    [
        {"identifier_to_merge": {"email": "ada@example.com"}},
        {"emails": ["ada@example.com"], "subscription_group_id": "g"},
        {"phones": ["+31612345678"]},
        {"cohort_changes": [{"aliases": [{"email": "ada@example.com"}]}]},
    ],
)
def test_an_address_is_hidden_however_deep(payload: dict[str, Any]) -> None:
    shown = masked_payload(json.dumps(payload), frozenset())
    assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", [plan_text, plan_markdown])
def test_no_form_of_a_plan_tells_who_somebody_is(form: Any, secret: str) -> None:
    assert secret not in form(Plan((sync_plan(),)), Limits())


# -- the shapes of design 5.4


def test_a_plan_has_the_shape_that_programs_read() -> None:
    plan = Plan((sync_plan(),))
    expected = {
        "plan_id": plan.plan_id,
        "syncs": [
            {
                "sync": "people",
                "destination": "braze",
                "object": "attributes",
                "added": 1_200,
                "changed": 30,
                "removed": 4,
                "requests": 17,
                "data_points": 5_000,
            }
        ],
    }
    assert expected == json.loads(plan_json(plan))


def test_a_push_has_the_shape_that_programs_read() -> None:
    expected = {
        "run_id": "run-1",
        "plan_id": "plan-1",
        "syncs": [
            {
                "sync": "people",
                "planned": 100,
                "accepted": 90,
                "rejected": 4,
                "unknown": 1,
                "requests": 3,
                "seconds": 1.235,
            }
        ],
    }
    assert expected == json.loads(push_json(result()))


def test_a_push_for_a_person_adds_up_to_planned() -> None:
    row = push_text(result()).split("\n")[-1].split()
    assert row == ["people", "100", "90", "4", "1", "5", "3", "1.2"]


def test_a_plan_for_a_person_says_how_many_rows_cannot_be_sent() -> None:
    plan = Plan((sync_plan(refused=2),))
    assert "2 rows cannot be sent as they are" in plan_text(plan, Limits())


def test_a_plan_for_a_person_says_what_is_wrong_with_one_of_them() -> None:
    """It may hold braces, as what Braze wants often does."""
    plan = Plan((sync_plan(refused=2, problem="price {x} is no number"),))
    assert "price {x} is no number" in plan_text(plan, Limits())


def test_a_plan_as_markdown_is_a_table_with_a_row_a_sync() -> None:
    plan = Plan((sync_plan(samples=()), sync_plan(sync=sync("cats"), samples=())))
    rows = [
        line.split(" | ")[0] for line in plan_markdown(plan, Limits()).split("\n")[4:]
    ]
    assert rows == ["| people", "| cats"]


# -- plan ids


def test_the_same_plan_has_the_same_id() -> None:
    assert Plan((sync_plan(),)).plan_id == Plan((sync_plan(),)).plan_id


@pytest.mark.parametrize(
    "change",
    [
        {"added": 1},
        {"changed": 1},
        {"removed": 1},
        {"checksum": "2"},
        {"sync": sync("cats")},
    ],
)
def test_another_content_has_another_id(change: dict[str, Any]) -> None:
    assert Plan((sync_plan(),)).plan_id != Plan((sync_plan(**change),)).plan_id


def test_a_plan_has_the_guards_of_all_its_syncs() -> None:
    guard = Guard("people", "the mart is empty")
    plan = Plan((sync_plan(), sync_plan(guards=(guard,))))
    assert plan.guards == (guard,)
