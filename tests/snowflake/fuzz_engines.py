"""The two warehouses of the fuzz, and what it does to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb

from .fuzz_values import COLUMNS, Row

CHUNK = 1000
LEDGER = "bridge_ledger.ledger_sent_rows"
RUNS = "bridge_ledger.ledger_runs"


class Engine(Protocol):
    """A warehouse with the fuzz's project in it."""

    name: str

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one statement and return its rows."""

    def mart(self) -> str:
        """A select of the mart's columns from texts(row_key, body)."""


class DuckDB:
    """A file on this machine."""

    name = "duckdb"

    def __init__(self, path: Path) -> None:
        self.connection = duckdb.connect(str(path))
        self.connection.execute("set TimeZone = 'UTC'")

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self.connection.execute(statement, list(parameters)).fetchall()

    def mart(self) -> str:
        columns = ",\n".join(
            f"cast(json_extract_string(body, '$.\"{name}\"') as {column.duckdb})"
            f" as {named(name)}"
            for name, column in COLUMNS.items()
        )
        return f"select row_key as external_id,\n{columns}\nfrom bridge.texts"


class Snowflake:
    """An account, or the emulator of one."""

    name = "snowflake"

    def __init__(self, access: Mapping[str, Any]) -> None:
        from snowflake import connector  # noqa: PLC0415 - half a second, here alone

        self.connection = connector.connect(**access, paramstyle="qmark")
        self.cursor = self.connection.cursor()

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return list(self.cursor.execute(statement, parameters).fetchall())

    def mart(self) -> str:
        def cast(name: str) -> str:
            column = COLUMNS[name]
            text = f"cast(get(parse_json(body), '{name}') as varchar)"
            if not column.is_nested:
                return f"cast({text} as {column.snowflake})"
            return f"cast(parse_json({text}) as {column.snowflake})"

        columns = ",\n".join(f"{cast(name)} as {named(name)}" for name in COLUMNS)
        return f"select row_key as external_id,\n{columns}\nfrom bridge.texts"


def named(name: str) -> str:
    """The column as it is written in SQL: quoted where it is not in lower case."""
    return name if name.islower() else f'"{name}"'


def load(engine: Engine, mart: Mapping[str, Row]) -> None:
    """Let the mart be these rows."""
    engine.run("delete from bridge.texts")
    keys = list(mart)
    for start in range(0, len(keys), CHUNK):
        bodies = json.dumps(
            [
                {"k": key, "b": json.dumps(mart[key])}
                for key in keys[start : start + CHUNK]
            ]
        )
        engine.run(INSERTS[engine.name], [bodies])
    engine.run(f"create or replace table bridge.people as {engine.mart()}")


INSERTS = {
    "duckdb": (
        "insert into bridge.texts select each->>'$.k', each->>'$.b'"
        " from (select unnest(cast(? as json[])) as each)"
    ),
    "snowflake": (
        "insert into bridge.texts select f.value:k::varchar, f.value:b::varchar"
        " from table(flatten(input => parse_json(?))) f"
    ),
}


def exchange(first: Engine, second: Engine) -> None:
    """Let each ledger hold what the other engine wrote, and no hash that fits."""
    kept = [
        engine.run(f"select sync, row_key, row_json from {LEDGER}")
        for engine in (second, first)
    ]
    for engine, ledger in zip((first, second), kept, strict=True):
        engine.run(f"delete from {LEDGER}")
        for start in range(0, len(ledger), CHUNK):
            part = [
                {"k": json.dumps([sync, key]), "b": row}
                for sync, key, row in ledger[start : start + CHUNK]
            ]
            engine.run("delete from bridge.texts")
            engine.run(INSERTS[engine.name], [json.dumps(part)])
            engine.run(FROM_TEXTS[engine.name])


FROM_TEXTS = {
    "duckdb": (
        f"insert into {LEDGER} (sync, row_key, row_hash, row_json)"
        " select row_key->>'$[0]', row_key->>'$[1]', 'x', body from bridge.texts"
    ),
    "snowflake": (
        f"insert into {LEDGER} (sync, row_key, row_hash, row_json)"
        " select parse_json(row_key)[0]::varchar, parse_json(row_key)[1]::varchar,"
        " 'x', body from bridge.texts"
    ),
}
