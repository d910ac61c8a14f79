"""Every statement that dbt compiles for Snowflake is Snowflake's SQL, and every macro's
branch for it is among them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

from .demo import Demo, rendered
from .words import called, faults, listed

ALLOWED = listed("allowed_functions.txt")
MACRO = re.compile(r"\{%-? *macro +(\w+)\(")


def compiled(demo: Demo) -> dict[str, str]:
    """File -> SQL of every model and test that dbt compiled."""
    folder = demo.directory / "snowflake" / "target" / "compiled"
    return {path.name: path.read_text("utf-8") for path in folder.rglob("*.sql")}


def test_every_compiled_statement_is_snowflakes(demo: Demo) -> None:
    statements = compiled(demo)

    found = {
        name: problems
        for name, sql in statements.items()
        if (problems := list(faults(sql)))
    }

    assert found == {}
    assert len(statements) > 400


def test_every_function_is_one_that_snowflake_documents(demo: Demo) -> None:
    found = {
        name: words
        for name, sql in compiled(demo).items()
        if (words := called(sql) - ALLOWED)
    }

    assert found == {}


def test_every_branch_for_snowflake_is_rendered(demo: Demo, fuzz_project: Path) -> None:
    """A branch that nothing renders is SQL that no test has read."""
    found = rendered(demo.directory / "snowflake") | rendered(fuzz_project)
    names = {
        name
        for path in (REPOSITORY / "macros").rglob("*.sql")
        for name in MACRO.findall(path.read_text("utf-8"))
    }
    branches = {
        name
        for name in names
        if name.startswith("snowflake__")
        or (
            name.startswith("default__")
            and name.replace("default__", "snowflake__", 1) not in names
        )
    }

    assert branches - found == set()
    assert len(branches) > 50


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) filter (where a) from t",
        "select a at time zone 'UTC' from t",
        "select cast(a as hugeint) from t",
        "select 1 as start",
        "with rows as (select 1 as a) select * from rows",
        "select a in (select b from u) from t",
        "select a from t where c or a in (select b from u)",
        "select a from t where b is not true",
        "select cast(a as timestamp) from t",
        "select a - interval '90' day from t",
    ],
)
def test_what_snowflake_refuses_is_found(sql: str) -> None:
    assert list(faults(sql))


def test_the_columns_of_a_cte_are_no_call() -> None:
    sql = "with recursive walks (a, b) as (select f(a), g(b) as b from t) select 1"

    assert {"WALKS", "F", "G"} & called(sql) == {"F", "G"}


@pytest.mark.parametrize(
    "call", ["list_transform(a, b)", "strftime(a, b)", "epoch_ms(a)", "sha256(a)"]
)
def test_a_function_of_duckdbs_is_not_on_the_list(call: str) -> None:
    assert called(f"select {call} from t") - ALLOWED
