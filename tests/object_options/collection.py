"""A mart and a ledger in memory, and the pending rows that pending_records() makes."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2

from tests.runner.rendering import _environment

LEDGER = {
    "sent_rows": "sync varchar, row_key varchar, row_hash varchar, row_json varchar",
    "rejected_rows": (
        "sync varchar, row_key varchar, row_hash varchar, attempts integer, "
        "status varchar"
    ),
    "unknown_rows": "sync varchar, row_key varchar",
    "suppressed_users": "user_hash varchar",
}


@dataclass
class Mart:
    """The mart as ref() gives it once it is built."""

    columns: tuple[str, ...]

    def __str__(self) -> str:
        return "db.marts.things"


@functools.cache
def dbt() -> jinja2.Environment:
    """What a model of the sync `things` sees; reading our macros takes its time."""
    environment, ours = _environment("duckdb", sync="things")
    environment.globals.update(vars(ours))
    environment.globals["mart_of"] = lambda *columns: Mart(columns)
    environment.globals["adapter"].get_columns_in_relation = lambda mart: [
        SimpleNamespace(name=name) for name in mart.columns
    ]
    return environment


@functools.cache
def rendered(text: str) -> str:
    """The SQL of a model, as dbt renders it when it builds."""
    # A test may have said something of a graph.
    dbt().globals["graph"].clear()
    return dbt().from_string(text).render()


def model(**options: Any) -> str:
    """The text of a model of the collection `things`, looked up by `id`."""
    known: dict[str, Any] = {"collection": "things", "key": "id", "columns": ["id"]}
    arguments = ", ".join(
        f"{name}={value!r}" for name, value in (known | options).items()
    )
    return f"{{{{ pending_records('db.marts.things', {arguments}) }}}}"


@dataclass
class Collection:
    """The collection `things`; a test fills the mart and says what was pushed."""

    options: dict[str, Any]
    warehouse: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self.options = dict(self.options)
        self.warehouse.execute("set TimeZone = 'Asia/Tokyo'")
        self.warehouse.execute("attach ':memory:' as db")
        self.warehouse.execute("create schema db.marts; create schema db.ledger")
        for name, columns in LEDGER.items():
            self.warehouse.execute(f"create table db.ledger.ledger_{name} ({columns})")

    def mart(self, rows: str) -> None:
        """Build the mart anew from a select."""
        self.warehouse.execute(f"create or replace table db.marts.things as {rows}")

    def rows(self) -> list[dict[str, Any]]:
        """Every pending row; the definition is the first."""
        sql = rendered(model(**self.options))
        found = self.warehouse.execute(f"from ({sql}) order by row_key")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def pending(self) -> dict[str, dict[str, Any]]:
        """Every pending row by its key."""
        rows = self.rows()
        assert len({row["row_key"] for row in rows}) == len(rows)
        return {row["row_key"]: row for row in rows}

    def records(self) -> dict[str, Any]:
        """What would be put, by key without the collection; a problem as its text."""
        return {
            key.removeprefix("things/"): row["problem"] or json.loads(row["payload"])
            for key, row in self.pending().items()
            if row["operation"] == "records"
        }

    def push(self) -> list[tuple[str, str]]:
        """Take what is pending into the ledger, as a push does; what went where."""
        rows = self.pending().values()
        for row in rows:
            table = "rejected_rows" if row["problem"] else "sent_rows"
            self.warehouse.execute(
                f"delete from db.ledger.ledger_{table} where row_key = ?",
                [row["row_key"]],
            )
            if row["problem"]:
                values = [row["row_key"], row["row_hash"], 1, "not sent"]
            elif row["row_json"] is None:
                continue
            else:
                values = [row["row_key"], row["row_hash"], row["row_json"]]
            marks = ", ".join("?" * len(values))
            self.warehouse.execute(
                f"insert into db.ledger.ledger_{table} values ('things', {marks})",
                values,
            )
        return sorted((row["operation"], row["row_key"]) for row in rows)
