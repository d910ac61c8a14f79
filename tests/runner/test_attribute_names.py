"""Which columns may become attributes, and which make Braze's list of names worse."""

from __future__ import annotations

import pytest

from runner.attribute_names import Ruling, kind_of, name_problems

SEEN = {"loyalty_tier": "VARCHAR", "orders_count": "INTEGER"}


def rulings(
    seen: dict[str, str], now: dict[str, str], *, new: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """Name and ruling of each problem."""
    return [
        (problem.name, problem.ruling.value)
        for problem in name_problems(seen, now, new=new)
    ]


def test_columns_that_were_sent_before_are_no_problem() -> None:
    assert rulings(SEEN, SEEN) == []


def test_a_name_not_seen_before_wants_to_be_declared() -> None:
    assert rulings(SEEN, SEEN | {"is_vip": "BOOLEAN"}) == [("is_vip", "approvable")]


def test_a_declared_name_is_no_problem() -> None:
    assert rulings(SEEN, SEEN | {"is_vip": "BOOLEAN"}, new=("is_vip",)) == []


def test_the_remedy_is_told_with_the_name() -> None:
    [problem] = name_problems(SEEN, SEEN | {"is_vip": "BOOLEAN"}, new=())
    assert "is_vip" in problem.text
    assert "config: {meta: {new: true}}" in problem.text


def test_on_the_first_run_no_name_is_asked_about() -> None:
    assert rulings({}, SEEN) == []


@pytest.mark.parametrize(
    "twin",
    [
        "Loyalty_Tier",
        "LOYALTY_TIER",
        "loyaltyTier",
        "loyalty-tier",
        "loyaltytier",
        "Loyalty Tier",
        "_loyalty_tier",
        "loyalty__tier",
    ],
)
@pytest.mark.parametrize("new", [(), ("{twin}",)])
@pytest.mark.parametrize("others", [SEEN, {"orders_count": "INTEGER"}])
def test_a_near_duplicate_of_a_name_is_refused_whatever_is_declared(
    twin: str, new: tuple[str, ...], others: dict[str, str]
) -> None:
    now = {**others, twin: "VARCHAR"}
    declared = tuple(name.format(twin=twin) for name in new)

    [problem] = name_problems(SEEN, now, new=declared)

    assert (problem.name, problem.ruling) == (twin, Ruling.REFUSED)
    assert "Name the column loyalty_tier." in problem.text


@pytest.mark.parametrize("seen", [{}, {"orders_count": "INTEGER"}])
def test_two_new_names_alike_are_refused_even_on_the_first_run(
    seen: dict[str, str],
) -> None:
    now = {"is_vip": "BOOLEAN", "isVip": "BOOLEAN", "orders_count": "INTEGER"}
    assert rulings(seen, now, new=("is_vip", "isVip")) == [("isVip", "refused")]


def test_two_alike_that_braze_has_both_are_left_alone() -> None:
    both = {"is_vip": "BOOLEAN", "isVip": "BOOLEAN"}
    assert rulings(both, both) == []


@pytest.mark.parametrize("name", ["loyalty_tiers", "loyalty.tier", "loyalty_tier_2"])
def test_a_name_that_differs_by_more_is_another_name(name: str) -> None:
    assert rulings(SEEN, SEEN | {name: "VARCHAR"}, new=(name,)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("VARCHAR", "INTEGER"),
        ("INTEGER", "VARCHAR"),
        ("BOOLEAN", "INTEGER"),
        ("VARCHAR", "DATE"),
        ("TIMESTAMP", "VARCHAR"),
        ("VARCHAR", "VARCHAR[]"),
        ("VARCHAR[]", "STRUCT(a INTEGER)"),
        ("STRUCT(a INTEGER)", "STRUCT(a INTEGER)[]"),
        ("JSON", "VARCHAR"),
        ("INTEGER", "JSON"),
    ],
)
def test_another_kind_of_value_wants_approval(before: str, after: str) -> None:
    assert rulings({"x": before}, {"x": after}) == [("x", "approvable")]
    assert rulings({"x": before}, {"x": after}, new=("x",)) == [("x", "approvable")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("INTEGER", "DECIMAL(18,2)"),
        ("FLOAT", "HUGEINT"),
        ("VARCHAR", "ENUM('a', 'b')"),
        ("VARCHAR", "UUID"),
        ("DATE", "TIMESTAMP WITH TIME ZONE"),
        ("VARCHAR[]", "INTEGER[3]"),
        ("STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER[])"),
        ("JSON", "STRUCT(a INTEGER)"),
        ("VARCHAR[]", "JSON"),
    ],
)
def test_another_type_of_the_same_kind_is_no_problem(before: str, after: str) -> None:
    assert rulings({"x": before}, {"x": after}) == []


def test_a_change_of_kind_is_told_in_words() -> None:
    [problem] = name_problems({"x": "VARCHAR"}, {"x": "STRUCT(a INTEGER)"}, new=())
    assert "x was text and is now an object" in problem.text


def test_a_column_that_left_is_said_and_stops_nothing() -> None:
    assert rulings(SEEN, {"loyalty_tier": "VARCHAR"}) == [("orders_count", "said")]


def test_the_gravest_problem_comes_first() -> None:
    now = {"is_vip": "BOOLEAN", "Loyalty_Tier": "VARCHAR"}
    assert rulings(SEEN, now) == [
        ("Loyalty_Tier", "refused"),
        ("is_vip", "approvable"),
        ("orders_count", "said"),
    ]


@pytest.mark.parametrize(
    ("warehouse_type", "kind"),
    [
        ("VARCHAR", "text"),
        ("TIME", "text"),
        ("TIME WITH TIME ZONE", "text"),
        ("DECIMAL(18,2)", "number"),
        ("UBIGINT", "number"),
        ("boolean", "boolean"),
        ("DATE", "time"),
        ("TIMESTAMP_NS", "time"),
        ("TIMESTAMP WITH TIME ZONE", "time"),
        ("STRUCT(a INTEGER, b VARCHAR[])", "object"),
        ("STRUCT(a INTEGER)[]", "array"),
        ("INTEGER[][2]", "array"),
        ("JSON", "JSON"),
        ("NUMBER(38,0)", "number"),
        ("TIMESTAMP_NTZ(9)", "time"),
        ("VARIANT", "JSON"),
        ('"NULL"', '"null"'),
        ("GEOMETRY", "geometry"),
    ],
)
def test_a_type_travels_as_one_kind_of_value(warehouse_type: str, kind: str) -> None:
    assert kind_of(warehouse_type) == kind
