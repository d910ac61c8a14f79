"""The example for Snowflake is Snowflake's grammar and speaks of the same layout.

A parser proves no more than that: no account was asked.
"""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from runner.currents.event_types import KNOWN, table_name
from runner.currents.layout import Listed, sort_out
from tests.conftest import REPOSITORY

from .files import OPEN

SQL = (REPOSITORY / "examples" / "currents" / "snowflake.sql").read_text("utf-8")
STATEMENTS = [
    statement for statement in sqlglot.parse(SQL, read="snowflake") if statement
]
PATH = f"currents/x/event_type={OPEN}/date=2026-11-01-17/12/prod-03/x+0+1.avro"


def test_every_statement_is_understood() -> None:
    kinds = [
        statement.kind if isinstance(statement, exp.Create) else statement.key
        for statement in STATEMENTS
    ]
    assert [str(kind).lower() for kind in kinds] == [
        *("schema", "use", "file format", "stage"),
        *("table", "copy", "view", "view"),
    ]


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        (PATH, True),
        (f"event_type={OPEN}/date=2026-11-01-17/1/z/a.avro", True),
        (f"x/event_type={OPEN}/date=2026-11-01/1/z/a.avro", False),
        (f"x/event_type={OPEN}/date=2026-11-01-17/1/z/a.parquet", False),
        ("x/loose.avro", False),
    ],
)
def test_it_copies_the_files_that_the_runner_loads(path: str, *, fits: bool) -> None:
    pattern = re.search(r"^pattern = '(.*)'", SQL, re.MULTILINE)
    assert pattern

    assert bool(re.fullmatch(pattern[1], path)) is fits
    assert bool(sort_out([Listed(path, 1, "")])[0]) is fits


def test_it_takes_type_and_hour_from_the_path_as_the_runner_does() -> None:
    kind, hour = re.findall(r"regexp_substr\(metadata\$filename, '([^']+)'", SQL)
    ((file,), _) = sort_out([Listed(PATH, 1, "")])
    found = re.search(kind, PATH), re.search(hour, PATH)

    assert found[0]
    assert found[1]
    assert found[0][1] == file.event_type
    assert found[1][1] == f"{file.hour:%Y-%m-%d-%H}"


def test_its_views_are_named_as_the_tables_are() -> None:
    (event_type,) = re.findall(r"where event_type = '([^']+)'", SQL)
    assert event_type in KNOWN
    assert f"create or replace view {table_name(event_type)} as" in SQL
