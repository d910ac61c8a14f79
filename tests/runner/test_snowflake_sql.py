"""The Snowflake branch of the delta renders, and its SQL is Snowflake's.

A parser proves the grammar and the names of functions; it proves nothing about what a
Snowflake account would answer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from tests.snowflake.words import faults

from .rendering import MACROS, CompilerError, render, render_model

# Known to Snowflake's documentation; the parser lets any other name pass.
ALLOWED = {
    "AS_ARRAY",
    "AS_DOUBLE",
    "FLATTEN",
    "GET",
    "HASH",
    "OBJECT_CONSTRUCT_KEEP_NULL",
    "TO_VARIANT",
    "TRY_TO_TIMESTAMP_NTZ",
    "TRY_TO_TIMESTAMP_TZ",
    "TYPEOF",
}

BRANCHES = Path(__file__).parents[1] / "snowflake" / "branches.txt"

MODELS = {
    path.stem: path for path in (MACROS.parent / "models").glob("sync/*__pending.sql")
}
CURRENTS = [
    path
    for pattern in (
        "staging/currents/*.sql",
        "intermediate/**/int_currents_*.sql",
        "marts/engagement/engagement_deleted_users.sql",
    )
    for path in sorted((MACROS.parent / "models").glob(pattern))
]
EVENTS = "db.main_currents.currents_events"
# What a mart has, for the macros that ask while a model is built.
MART = {"EXTERNAL_ID": "VARCHAR", "ID": "VARCHAR", "AUDIENCES": "ARRAY"}


def tables_read(sql: str) -> set[str]:
    """The tables that a statement of Snowflake's names, without its own."""
    query = sqlglot.parse_one(sql, read="snowflake")
    common = {each.alias for each in query.find_all(exp.CTE)}
    tables = query.find_all(exp.Table)
    return {table.sql().split(" AS ")[0] for table in tables} - common


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_of_the_project_can_be_parsed(model: str) -> None:
    render_model("snowflake", MODELS[model], execute=False)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_these_models_are_snowflakes_sql(model: str) -> None:
    """The parser takes DuckDB's functions for unknown ones: each name is held here."""
    sql = render_model("snowflake", MODELS[model], execute=True, columns=MART)

    statement = sqlglot.parse_one(sql, read="snowflake")
    unknown = {node.name.upper() for node in statement.find_all(exp.Anonymous)}
    assert unknown <= ALLOWED
    assert list(faults(sql)) == []


@pytest.mark.parametrize("path", CURRENTS, ids=lambda path: path.stem)
def test_models_of_currents_read_the_one_table_that_snowflake_has(path: Path) -> None:
    """examples/currents/snowflake.sql fills it."""
    assert EVENTS in tables_read(render_model("snowflake", path, execute=True))


@pytest.mark.parametrize("name", ["lift_living_users", "suppress_deleted_users"])
def test_so_do_the_hooks_that_suppress_whom_braze_deleted(
    tmp_path: Path, name: str
) -> None:
    hook = tmp_path / "hook.sql"
    hook.write_text(f"{{{{ {name}('db.ledger.suppressed') }}}}", "utf-8")

    read = tables_read(render_model("snowflake", hook, execute=True))

    assert read == {EVENTS, "db.ledger.suppressed"}


def test_a_type_that_json_has_not_fails_the_build() -> None:
    columns = {"EXTERNAL_ID": "VARCHAR", "PLACE": "GEOGRAPHY"}

    with pytest.raises(CompilerError, match="place is of the type GEOGRAPHY"):
        render("snowflake", columns=columns)


def test_a_decfloat_leaves_as_a_number() -> None:
    columns = {"EXTERNAL_ID": "VARCHAR", "SCORE": "DECFLOAT"}

    assert "to_varchar(offered_rows.mart_1)" in render("snowflake", columns=columns)


@pytest.mark.parametrize("key", ["external_id", ["alias_name", "alias_label"]])
@pytest.mark.parametrize("on_removed", ["ignore", "unset", "false"])
@pytest.mark.parametrize("on_null", ["unset", "ignore"])
@pytest.mark.parametrize("mode", ["upsert", "update"])
def test_every_form_of_the_delta_parses_as_snowflake(
    key: Any, on_removed: str, on_null: str, mode: str
) -> None:
    sql = render(
        "snowflake",
        key=key,
        on_removed=on_removed,
        on_null=on_null,
        mode=mode,
        columns=("EXTERNAL_ID", "FIRST_NAME"),
    )

    statement = sqlglot.parse_one(sql, read="snowflake")

    assert isinstance(statement, exp.Query)
    columns = [column.alias_or_name for column in statement.selects]
    assert columns == [
        "row_key",
        "change",
        "payload",
        "row_json",
        "row_hash",
        "data_points",
        "key_count",
        "problem",
    ]


def test_no_branch_of_a_macro_is_gone() -> None:
    """Without one an engine takes another branch, and may take it without a word."""
    text = "\n".join(path.read_text("utf-8") for path in MACROS.rglob("*.sql"))
    found = re.findall(r"\{%-? *macro +((?:duckdb|snowflake|default)__\w+)\(", text)
    lines = BRANCHES.read_text("utf-8").splitlines()

    assert sorted(found) == [line for line in lines if not line.startswith("#")]
