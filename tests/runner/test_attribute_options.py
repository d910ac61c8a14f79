"""What the options of pending_rows() send of a value ends, in Braze, with the mart's.

The SQL runs in DuckDB without dbt; the sandbox's Braze applies what it says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.sandbox.track import Queued
from runner.sandbox.workspace import Workspace, apply

from .rendering import render

OPTIONS: dict[str, Any] = {
    "array_columns": ["audiences"],
    "merge_columns": ["home_store"],
    "keyed_arrays": {"recent_orders": "id"},
}
COLUMNS = ("audiences", "home_store", "recent_orders")
LEDGER = """
    attach ':memory:' as db;
    create schema db.marts;
    create schema db.ledger;
    create table db.marts.people (
        external_id varchar, audiences json, home_store json, recent_orders json
    );
    create table db.ledger.ledger_sent_rows (
        sync varchar, row_key varchar, row_hash varchar, row_json varchar
    );
    create table db.ledger.ledger_rejected_rows (
        sync varchar, row_key varchar, row_hash varchar, attempts integer,
        status varchar
    );
    create table db.ledger.ledger_suppressed_users (user_hash varchar);
"""

# Few names and values, so that two versions have much in common; and a long note in
# most objects, or else the whole value would always be the shorter one.
SCALARS = st.sampled_from([0, 1, 1.0, -2.5, True, False, "", "1", 'b"\\', "é\n"])
INNER = st.sampled_from([{}, {"x": 1}, {"x": 1.0}, {"y": {"z": [1]}}, {"y": {}}, [{}]])
MEMBERS = {"a": SCALARS, 'q"': SCALARS, "geo": INNER}
NOTED = st.fixed_dictionaries({"note": st.just("x" * 99)}, optional=MEMBERS)
OBJECTS = NOTED | st.fixed_dictionaries({}, optional=MEMBERS)
KEYED = st.lists(
    st.builds(lambda key, rest: {"id": key, **rest}, st.integers(1, 3), NOTED),
    min_size=1,
    unique_by=lambda element: element["id"],
)
ODD_KEYS = st.sampled_from([1, 1.0, "1", "a", True, None])
ODDLY_KEYED = st.builds(lambda key, rest: {"id": key, **rest}, ODD_KEYS, OBJECTS)
ORDERS = KEYED | KEYED | st.lists(ODDLY_KEYED | OBJECTS, max_size=3)
AUDIENCES = st.lists(SCALARS, max_size=4)
VALUES = st.fixed_dictionaries(
    {
        "audiences": st.none() | AUDIENCES | AUDIENCES,
        "home_store": st.none() | OBJECTS | OBJECTS,
        "recent_orders": st.none() | ORDERS | ORDERS,
    }
)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty mart and an empty ledger."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(LEDGER)
    yield connection
    connection.close()


@settings(max_examples=15)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=10, max_size=30))
def test_braze_ends_with_the_values_of_the_mart(
    warehouse: duckdb.DuckDBPyConnection, people: list[tuple[dict[str, Any], ...]]
) -> None:
    """Each person's row has three versions, pushed one after the other."""
    warehouse.execute("truncate db.ledger.ledger_sent_rows")
    braze = Workspace()
    for version in range(3):
        rows = {
            f"p{number}": versions[version] for number, versions in enumerate(people)
        }
        fill(warehouse, rows)

        push(warehouse, braze)

        for key, row in rows.items():
            assert held(braze, key) == wanted(row)
        assert pending(warehouse) == []


def fill(warehouse: duckdb.DuckDBPyConnection, rows: dict[str, dict[str, Any]]) -> None:
    """Let these be the rows of the mart."""
    warehouse.execute("truncate db.marts.people")
    for key, row in rows.items():
        values = [
            None if value is None else json.dumps(value)
            for value in map(row.get, COLUMNS)
        ]
        warehouse.execute(
            "insert into db.marts.people values (?, ?, ?, ?)", [key, *values]
        )


def push(warehouse: duckdb.DuckDBPyConnection, braze: Workspace) -> None:
    """Let Braze and the ledger take what is pending; Braze must ignore none of it."""
    for key, payload, row_json, row_hash, problem in pending(warehouse):
        sent = Queued("attributes", 0, json.loads(payload))
        assert problem is None
        assert apply(braze, [sent], at=0.0, request=1).ignored == 0, payload
        warehouse.execute(
            "delete from db.ledger.ledger_sent_rows where row_key = ?", [key]
        )
        warehouse.execute(
            "insert into db.ledger.ledger_sent_rows values ('people', ?, ?, ?)",
            [key, row_hash, row_json],
        )


def pending(warehouse: duckdb.DuckDBPyConnection) -> list[Any]:
    """What the delta says with every option."""
    return warehouse.execute(
        "select row_key, payload, row_json, row_hash, problem from (" + delta() + ")"
    ).fetchall()


@cache
def delta() -> str:
    """The SQL with every option that changes the form of a value."""
    return render("duckdb", **OPTIONS)


def held(braze: Workspace, key: str) -> dict[str, Any]:
    """The attributes that Braze has, in a form to compare."""
    return as_compared(braze.by_external_id[key].custom)


def wanted(row: dict[str, Any]) -> dict[str, Any]:
    """The same for a row of the mart: Braze knows no null, neither here nor inside."""
    return as_compared(
        {name: value for name, value in row.items() if value is not None}
    )


def as_compared(attributes: dict[str, Any]) -> dict[str, Any]:
    """Arrays without their order, and of plain values without doubles."""
    forms = {name: form(value) for name, value in attributes.items()}
    if "audiences" in forms:
        forms["audiences"] = frozenset(forms["audiences"])
    if "recent_orders" in forms:
        forms["recent_orders"] = sorted(forms["recent_orders"], key=repr)
    return forms


def form(value: Any) -> Any:
    """A value that equals another only if both mean the same in JSON."""
    if isinstance(value, dict):
        return tuple(
            sorted(
                (name, form(inner))
                for name, inner in value.items()
                if inner is not None
            )
        )
    if isinstance(value, list):
        return tuple(form(inner) for inner in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", float(value))
    return (type(value).__name__, value)
