"""A mistake in the arguments of pending_rows() is one error that names every fault."""

from __future__ import annotations

from typing import Any

import pytest

from .rendering import CompilerError, render

COLUMNS = ("external_id", "audiences", "home_store", "recent_orders", "propensity")

MISTAKES: dict[str, dict[str, Any]] = {
    "array_columns is a list of columns: ['audiences']": {"array_columns": "audiences"},
    "merge_columns is a list of columns": {"merge_columns": {"home_store": "id"}},
    "keyed_arrays names a value for each column": {"keyed_arrays": ["recent_orders"]},
    "min_interval names a value for each column": {"min_interval": "propensity"},
    "array_columns: external_id is the key": {"array_columns": ["external_id"]},
    "min_interval: external_id is the key": {"min_interval": {"external_id": "1 day"}},
    "merge_columns: db.marts.people has no column store": {"merge_columns": ["store"]},
    "min_interval: db.marts.people has no column age": {
        "min_interval": {"age": "1 day"}
    },
    "home_store is in array_columns and in merge_columns": {
        "array_columns": ["home_store"],
        "merge_columns": ["home_store"],
    },
    "recent_orders is in merge_columns and in keyed_arrays": {
        "merge_columns": ["recent_orders"],
        "keyed_arrays": {"recent_orders": "order_id"},
    },
    "keyed_arrays of recent_orders: 'order id' cannot name a member": {
        "keyed_arrays": {"recent_orders": "order id"}
    },
    "min_interval of propensity: 'weekly' is not like '7 days' or '12 hours'": {
        "min_interval": {"propensity": "weekly"}
    },
    "min_interval of propensity: '7' is not like": {"min_interval": {"propensity": 7}},
    "array_columns: 'a\"b' cannot name a column": {"array_columns": ['a"b']},
    "keyed_arrays: Braze takes push_tokens as a whole only": {
        "keyed_arrays": {"push_tokens": "app_id"}
    },
    "on_null 'drop' is none of unset, ignore": {"on_null": "drop"},
    "key name is none of external_id": {"key": "name"},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str) -> None:
    with pytest.raises(CompilerError) as error:
        render("duckdb", columns=COLUMNS, **MISTAKES[mistake])

    assert mistake in str(error.value)
    assert str(error.value).startswith("pending_rows: ")


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(CompilerError) as error:
        render(
            "duckdb",
            columns=COLUMNS,
            array_columns=["audience"],
            min_interval={"external_id": "soon"},
        )

    faults = str(error.value).removeprefix("pending_rows: ").split("; ")
    assert faults == [
        "min_interval of external_id: 'soon' is not like '7 days' or '12 hours'",
        "array_columns: db.marts.people has no column audience",
        "min_interval: external_id is the key",
    ]


def test_an_interval_goes_with_any_form() -> None:
    sql = render(
        "duckdb",
        columns=COLUMNS,
        array_columns=["audiences"],
        min_interval={"audiences": "2 hours"},
    )

    assert "interval '2 hours'" in sql


def test_without_options_the_sql_knows_nothing_of_them() -> None:
    """Their cost is borne by those who ask for them."""
    sql = render("duckdb")

    for word in ("sent_times", "parts", "_merge_objects", "held", "current_timestamp"):
        assert word not in sql
