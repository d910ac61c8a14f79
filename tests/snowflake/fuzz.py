"""The same rows on DuckDB and on Snowflake: what would each send?

    python -m tests.snowflake.fuzz ROWS [SEED]

Starts the emulator (EMULATOR_PYTHON, or .emulator of `make setup`), or takes the account of
SNOWFLAKE_ACCOUNT. A mart of rows of every type is pending on both engines, is taken into
both ledgers, changes, and is pending again: by its hashes, and then without them, value by
value, the second time against what the other engine wrote into its ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb

from tests.conftest import REPOSITORY, environment, write

from . import conftest
from .fuzz_values import COLUMNS, FIRST_RUN, Row, later, rows

CHUNK = 1000
LEDGER = "bridge_ledger.ledger_sent_rows"
PROJECT = {
    "dbt_project.yml": """\
name: fuzz
version: 0.1.0
config-version: 2
profile: fuzz
models:
  braze_bridge:
    staging: {+enabled: false}
    intermediate: {+enabled: false}
    marts: {+enabled: false}
    sync: {+enabled: false, ledger: {+enabled: true}}
seeds: {braze_bridge: {+enabled: false}}
""",
    "packages.yml": f"packages:\n  - local: {REPOSITORY}\n",
    "models/plain__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('people'), on_removed='unset') }}"
    ),
    "models/parts__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('people'), on_removed='false', on_null='ignore',"
        " array_columns=['tags'], merge_columns=['home'], keyed_arrays={'orders': 'id'},"
        " min_interval={'score': '7 days'}) }}"
    ),
    "models/timed__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('people'), changed_since='changed_at') }}"
    ),
    "models/syncs.yml": """\
models:
  - &sync
    name: plain__pending
    config: {meta: {sync: {destination: braze, object: attributes}}}
  - {<<: *sync, name: parts__pending}
  - {<<: *sync, name: timed__pending}
""",
}
SYNCS = ("plain", "parts", "timed")
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


@dataclass(frozen=True)
class Difference:
    """One row that the engines would not send alike."""

    row_key: str
    duckdb: Any
    snowflake: Any


def fuzz(engines: Sequence[Engine], count: int, seed: int) -> Iterable[Difference]:
    """Every difference over `count` rows; the engines have been built."""
    first = rows(count, seed)
    second = later(first, seed + 1)
    for engine in engines:
        engine.run(f"delete from {LEDGER}")
        engine.run(f"delete from {RUNS}")
        load(engine, first)
    yield from compared(engines)
    for engine in engines:
        engine.run(f"delete from {LEDGER}")
        for sync in SYNCS:
            # Of some rows the score has just been sent: it waits.
            times = "sent_times" if sync == "parts" else "null"
            engine.run(
                f"insert into {RUNS} (run_id, sync, started_at, outcome)"
                f" select 'first', '{sync}', '{FIRST_RUN}', 'completed'"
            )
            engine.run(
                f"insert into {LEDGER}"
                " (sync, row_key, row_hash, row_json, run_id, sent_times)"
                f" select '{sync}', row_key, row_hash, row_json, 'first',"
                f" case when row_key like '%1' then {times} end"
                f" from bridge.{sync}__pending where problem is null"
            )
        assert not pending(engine, "plain", "problem is null"), engine.name
        load(engine, second)
    yield from compared(engines)
    exchange(*engines)
    yield from compared(engines)


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
        " select parse_json(row_key)[0]::varchar, parse_json(row_key)[1]::varchar, 'x', body"
        " from bridge.texts"
    ),
}


def compared(engines: Sequence[Engine]) -> Iterable[Difference]:
    """The rows that are pending on one engine only, or otherwise."""
    for sync in SYNCS:
        left, right = (pending(engine, sync) for engine in engines)
        print(f"{sync}: {len(left)} rows pending", file=sys.stderr)
        for key in sorted(left.keys() | right.keys()):
            if left.get(key) != right.get(key):
                yield Difference(f"{sync} {key}", left.get(key), right.get(key))


def pending(engine: Engine, sync: str, where: str = "true") -> dict[str, Any]:
    """Row key -> what would be sent, JSON as values. What is refused has no payload."""
    found = engine.run(
        "select row_key, change, payload, row_json, data_points, key_count, problem"
        f" from bridge.{sync}__pending where {where}"
    )
    return {
        key: (change, problem)
        if problem
        else (change, value(payload), value(row_json), points, count)
        for key, change, payload, row_json, points, count, problem in found
    }


def value(text: str | None) -> Any:
    """JSON as a value: numbers exact, and a float another kind than an integer."""
    if text is None:
        return None
    return json.loads(
        text,
        parse_float=lambda digits: ("float", Decimal(digits)),
        parse_int=lambda digits: ("integer", int(digits)),
    )


def build(directory: Path, access: Mapping[str, Any]) -> list[Engine]:
    """Build the project on both engines, over an empty mart."""
    profile = {
        "fuzz": {
            "target": "duckdb",
            "outputs": {
                "duckdb": {"type": "duckdb", "path": "fuzz.duckdb", "schema": "bridge"},
                "snowflake": {"type": "snowflake", "threads": 2, **access},
            },
        }
    }
    write(directory, PROJECT | {"profiles.yml": json.dumps(profile)})
    dbt(directory, "deps")
    engines: list[Engine] = []
    for name in ("duckdb", "snowflake"):
        engine: Engine = (
            DuckDB(directory / "fuzz.duckdb") if name == "duckdb" else Snowflake(access)
        )
        engine.run("create schema if not exists bridge")
        engine.run(
            "create or replace table bridge.texts (row_key varchar, body varchar)"
        )
        write(directory, {"models/people.sql": TABLE + engine.mart()})
        if isinstance(engine, DuckDB):
            engine.connection.close()
        dbt(directory, "run", "--target", name)
        engines.append(
            DuckDB(directory / "fuzz.duckdb") if name == "duckdb" else engine
        )
    return engines


TABLE = "{{ config(materialized='table') }}\n"


def dbt(directory: Path, *arguments: str) -> None:
    """Run dbt there, or fail with what it said."""
    done = subprocess.run(
        ["dbt", "--quiet", *arguments, "--profiles-dir", "."],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Compare, and end with 1 where there is a difference."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        engines = build(directory, access_of(directory))
        found = list(fuzz(engines, count, seed))
    for each in found[:10]:
        print(
            f"{each.row_key}\n  duckdb:    {each.duckdb}\n  snowflake: {each.snowflake}"
        )
    print(f"{count} rows, seed {seed}: {len(found)} differences")
    sys.exit(bool(found))


def access_of(directory: Path) -> dict[str, Any]:
    """The account that the environment names, or else an emulator that ends with us."""
    if os.environ.get("SNOWFLAKE_ACCOUNT"):
        return account()
    python = os.environ.get("EMULATOR_PYTHON", REPOSITORY / ".emulator/bin/python")
    return conftest.Emulator(conftest.start(str(python), directory / "log")).access(
        "FUZZ"
    )


def account() -> dict[str, Any]:
    """SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and so on, by the names of the connector."""
    prefix = "SNOWFLAKE_"
    given = {
        name.removeprefix(prefix).lower(): text
        for name, text in os.environ.items()
        if name.startswith(prefix) and text
    }
    return given | {"schema": "BRIDGE"}


if __name__ == "__main__":
    main()
