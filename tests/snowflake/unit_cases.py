"""The unit tests of the models, run without dbt on both engines.

Their rows are DuckDB's SQL. DuckDB makes the rows, and both engines get them as tables,
of the type that Snowflake has for each column.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import jinja2
import yaml

from tests.runner.rendering import MACROS, render_model

SYNC = MACROS.parent / "models" / "sync"
SETTINGS = yaml.safe_load((MACROS.parent / "dbt_project.yml").read_text("utf-8"))
TYPES = {
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DOUBLE": "FLOAT",
    "JSON": "VARIANT",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
}
NESTED = {"ARRAY", "OBJECT", "VARIANT"}
# What a table has that a unit test gives without a row.
COLUMNS = {
    "braze_subscription_groups": "environment, group_name, subscription_group_id",
    "int_consent_heard": "external_id, subscription_group, state, changed_at",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows as Snowflake takes them: names, types, and values as SQL."""

    name: str
    columns: dict[str, str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Case:
    """A unit test: its model, what it is given and what it overrides."""

    name: str
    model: str
    given: list[dict[str, Any]]
    variables: dict[str, Any]
    macros: dict[str, str]

    def sql(self, engine: str, columns: dict[str, str], prefix: str = "") -> str:
        """The model over the tables of the case, for `duckdb` or `snowflake`."""
        return render_model(
            engine,
            SYNC / f"{self.model}.sql",
            execute=True,
            columns=columns,
            macros=self.macros,
            ref=lambda name: prefix + name,
            var=lambda name, default=None: self.variables.get(name, default),
        )


def cases() -> dict[str, Case]:
    """All unit tests of the models of syncs, by name."""
    return {
        each["name"]: Case(
            each["name"],
            each["model"],
            each["given"],
            SETTINGS["vars"] | each.get("overrides", {}).get("vars", {}),
            {
                name.removeprefix("braze_bridge."): str(text)
                for name, text in each.get("overrides", {}).get("macros", {}).items()
            },
        )
        for path in sorted(SYNC.glob("*.yml"))
        for each in yaml.safe_load(path.read_text("utf-8")).get("unit_tests", [])
    }


def on_duckdb(case: Case) -> tuple[list[Row], list[Table]]:
    """The pending rows, and the tables that they were made of."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        tables = [made(connection, each) for each in case.given]
        cursor = connection.execute(case.sql("duckdb", {}))
        return rows_of(cursor), tables


def on_snowflake(
    case: Case, tables: list[Table], connection: Any, where: str
) -> list[Row]:
    """The pending rows of the same tables; `where` is the schema that they go to."""
    cursor = connection.cursor()
    for table in tables:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in table.columns.items())
        cursor.execute(f"create or replace table {where}.{table.name} ({columns})")
        if table.rows:
            rows = " union all ".join(f"select {', '.join(row)}" for row in table.rows)
            cursor.execute(f"insert into {where}.{table.name} {rows}")
    mart = {name: kind.split("(")[0] for name, kind in tables[0].columns.items()}
    return rows_of(cursor.execute(case.sql("snowflake", mart, f"{where}.")))


def made(connection: duckdb.DuckDBPyConnection, given: dict[str, Any]) -> Table:
    """One input of a unit test as a table of DuckDB's, and what Snowflake gets."""
    name = given["input"].split("'")[1]
    rows = given.get("rows") or []
    sql = (
        jinja2.Template(rows).render()
        if isinstance(rows, str)
        else selected(name, rows)
    )
    connection.execute(f"create table {name} as {sql}")
    described = connection.execute(f"describe {name}").fetchall()
    types = {column: snowflake_type(kind) for column, kind, *_ in described}
    texts = ", ".join(
        f'cast({"to_json" if kind in NESTED else ""}("{column}") as varchar)'
        for column, kind in types.items()
    )
    return Table(
        name,
        {folded(column): kind for column, kind in types.items()},
        [
            [
                literal(text, kind)
                for text, kind in zip(row, types.values(), strict=True)
            ]
            for row in connection.execute(f"select {texts} from {name}").fetchall()
        ],
    )


def selected(name: str, rows: list[Row]) -> str:
    """Rows of YAML as DuckDB's SQL, typed as the ledger's columns or by their names."""
    ledger = SYNC / "ledger" / f"{name}.sql"
    if ledger.exists():
        found = re.findall(r"cast\(null as (\w+)\) as (\w+)", ledger.read_text("utf-8"))
        types = {column: kind for kind, column in found}
    else:
        columns = [column for row in rows for column in row] or COLUMNS[name].split(
            ", "
        )
        types = {
            column: "timestamp" if column.endswith("_at") else "varchar"
            for column in columns
        }
    casts = [
        ", ".join(
            f"cast({quoted(row.get(column))} as {kind}) as {column}"
            for column, kind in types.items()
        )
        for row in rows or [{}]
    ]
    return " union all ".join(f"select {each}" for each in casts) + (
        "" if rows else " where false"
    )


def snowflake_type(kind: str) -> str:
    """Snowflake's type for DuckDB's."""
    if kind.endswith("]"):
        return "ARRAY"
    if kind.startswith(("STRUCT", "MAP")):
        return "OBJECT"
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "NUMBER")
    return "NUMBER(38, 0)" if "INT" in kind else TYPES.get(kind, "VARCHAR")


def folded(column: str) -> str:
    """The name that Snowflake makes of one that nobody quoted."""
    return column.upper() if column == column.lower() else column


def literal(text: str | None, kind: str) -> str:
    """A value as Snowflake's SQL, where a backslash is written twice."""
    if text is None:
        return "null"
    value = quoted(text.replace("\\", "\\\\"))
    return f"parse_json({value})" if kind in NESTED else f"cast({value} as {kind})"


def quoted(value: Any) -> str:
    """A value as a text of SQL's."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def rows_of(cursor: Any) -> list[Row]:
    """Pending rows in one order, with JSON as its value, without the engine's hash."""
    names = [column[0].lower() for column in cursor.description]
    rows = [
        {name: compared(name, value) for name, value in zip(names, row, strict=True)}
        for row in cursor.fetchall()
    ]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def compared(name: str, value: Any) -> Any:
    """What two engines must agree on of one value."""
    if name == "row_hash":
        return value is not None
    if isinstance(value, str) and name in {"payload", "row_json", "user_keys"}:
        # The emulator's name of what is no number, in rows that have a problem.
        return json.loads(value.replace(":nan", ":NaN"), parse_constant=str.lower)
    return int(value) if isinstance(value, Decimal) else value
