"""The Snowflake branch of the delta renders, and its SQL is Snowflake's.

A parser proves the grammar and the names of functions; it proves nothing about what a
Snowflake account would answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
import sqlglot
from sqlglot import exp

MACROS = Path(__file__).parents[2] / "macros" / "delta"

# Known to Snowflake's documentation; the parser lets any other name pass.
ALLOWED = {
    "FLATTEN",
    "GET",
    "HASH",
    "OBJECT_CONSTRUCT_KEEP_NULL",
    "TO_VARIANT",
    "TYPEOF",
}


def render(sync: str = "people", mode: str = "upsert", **arguments: Any) -> str:
    """Render pending_rows as dbt would on a Snowflake target."""
    source = "\n".join(path.read_text("utf-8") for path in sorted(MACROS.glob("*.sql")))
    ours = SimpleNamespace()

    def dispatch(name: str, _package: str) -> Callable[..., str]:
        branch = getattr(ours, f"snowflake__{name}", None)
        return branch or getattr(ours, f"default__{name}")

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        adapter=SimpleNamespace(dispatch=dispatch),
        braze_bridge=ours,
        config={"meta": {"sync": {"mode": mode}}},
        model=SimpleNamespace(name=f"{sync}__pending", get=lambda _: None),
        ref=lambda name: f"db.ledger.{name}",
        exceptions=SimpleNamespace(raise_compiler_error=pytest.fail),
    )
    environment.globals["return"] = lambda value: value
    module = environment.from_string(source).module
    for name in dir(module):
        if not name.startswith("_"):
            setattr(ours, name, getattr(module, name))
    sql: str = module.pending_rows("db.marts.people", **arguments)  # type: ignore[attr-defined]
    return sql


@pytest.mark.parametrize("key", ["external_id", ["alias_name", "alias_label"]])
@pytest.mark.parametrize("on_removed", ["ignore", "unset", "false"])
@pytest.mark.parametrize("on_null", ["unset", "ignore"])
@pytest.mark.parametrize("mode", ["upsert", "update"])
def test_every_form_of_the_delta_parses_as_snowflake(
    key: Any, on_removed: str, on_null: str, mode: str
) -> None:
    sql = render(key=key, on_removed=on_removed, on_null=on_null, mode=mode)

    statement = sqlglot.parse_one(sql, read="snowflake")

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


def test_no_function_of_another_warehouse_is_called() -> None:
    """The parser takes DuckDB's functions for unknown ones: each name is held here."""
    statement = sqlglot.parse_one(render(on_removed="unset"), read="snowflake")

    unknown = {node.name.upper() for node in statement.find_all(exp.Anonymous)}

    assert unknown <= ALLOWED
