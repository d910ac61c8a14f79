"""A shop on the emulator with a few syncs; its marts begin empty."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runner.manifest import LEDGER_TABLES
from runner.sandbox import Sandbox
from tests.conftest import PROJECT, NearShop, Run, build, write

from .access import Emulator

SCHEMA = "BRIDGE"

MARTS = {
    "people": "external_id varchar, tier varchar, points number(10,2), seen timestamp",
    "visits": (
        "event_key varchar, external_id varchar, name varchar, time timestamp, "
        "properties object"
    ),
    "erasures": "external_id varchar",
    "nicknames": "external_id varchar, alias_name varchar, alias_label varchar",
}

SYNCS = {
    "people": ("pending_rows(ref('people'))", "object: attributes"),
    "visits": ("pending_events(ref('visits'))", "object: events, first_run: send"),
    "erasures": ("pending_deletions(ref('erasures'))", "object: deletions"),
    "nicknames": ("pending_aliases(ref('nicknames'))", "object: aliases"),
}

TABLES = {name: name for name in MARTS} | {
    name: f"{SCHEMA}_LEDGER.{name}" for name in LEDGER_TABLES if name != "ledger_lease"
}
"""Name -> the table in SQL, of what a push reads or writes."""

STATEMENTS, STATEMENTS_A_SYNC = 31, 12
"""What a push that finds nothing to send asks: for itself, and for each sync."""

# From a thousand rows on, an answer is read as Arrow batches.
PEOPLE = [
    (f"p{number}", "gold" if number % 2 else None, number / 4, "2026-01-02 03:04:05")
    for number in range(1, 1201)
]


def models() -> dict[str, str]:
    """Path -> text of the shop's models."""
    found = {}
    described = []
    for name, columns in MARTS.items():
        typed = ", ".join(
            "cast(null as {1}) as {0}".format(*column.split(" ", 1))
            for column in columns.split(", ")
        )
        macro, meta = SYNCS[name]
        found[f"models/{name}.sql"] = (
            f"{{{{ config(materialized='table') }}}}\nselect {typed} where 1 = 0\n"
        )
        found[f"models/{name}__pending.sql"] = f"{{{{ braze_bridge.{macro} }}}}\n"
        described.append(
            f"  - name: {name}__pending\n"
            f"    config: {{meta: {{sync: {{destination: braze, {meta}}}}}}}\n"
        )
    found["models/shop.yml"] = "models:\n" + "".join(described)
    return found


@dataclass(frozen=True)
class SnowflakeShop(NearShop):
    """The shop, reached through the emulator."""

    emulator: Emulator
    name: str
    """Of its database."""

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What one statement answers."""
        return self.emulator.rows(self.name, statement)

    def do(self, statement: str, values: list[Any] | None = None) -> None:
        """Run one statement in the schema of the marts."""
        with self.emulator.connect(self.name, SCHEMA) as connection:
            connection.cursor().execute(statement, values)

    def do_all(self, statements: Iterable[str]) -> None:
        """Run statements one by one in one session."""
        with self.emulator.connect(self.name, SCHEMA) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def fill(self, mart: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Let a mart hold these rows and no others."""
        self.do(f"delete from {mart}")
        if rows:
            columns = [each.split(" ", 1) for each in MARTS[mart].split(", ")]
            chosen = columns[: len(rows[0])]
            names = ", ".join(name for name, _ in chosen)
            cells = ", ".join(
                f"cast(f.value[{at}] as {kind})" for at, (_, kind) in enumerate(chosen)
            )
            self.do(
                f"insert into {mart} ({names}) select {cells} "
                "from table(flatten(input => parse_json(?))) as f",
                [json.dumps(rows)],
            )

    def empty(self) -> None:
        """No row in any mart, and nothing in the ledger."""
        self.do_all(f"delete from {table}" for table in TABLES.values())
        self.free_lease()

    def keep(self) -> None:
        """Remember the rows of the marts and of the ledger."""
        self.do_all(
            f"create or replace table kept_{name} as select * from {table}"
            for name, table in TABLES.items()
        )

    def restore(self) -> None:
        """Make the marts and the ledger hold what was kept; a push takes far longer."""
        self.do_all(
            f"insert overwrite into {table} select * from kept_{name}"
            for name, table in TABLES.items()
        )
        self.free_lease()

    def free_lease(self) -> None:
        """Nobody holds it."""
        self.do(f"update {SCHEMA}_LEDGER.ledger_lease set holder = ''")

    def wait(self, interval: str) -> None:
        """Let time pass, by what the ledger remembers."""
        self.do_all(
            f"update {SCHEMA}_LEDGER.ledger_sent_rows "
            f"set {column} = {column} - interval '{interval}'"
            for column in ("added_at", "sent_at")
        )

    def expire_lease(self) -> None:
        """Whoever held it is gone."""
        self.do(
            f"update {SCHEMA}_LEDGER.ledger_lease set expires_at = acquired_at "
            "where lease = 'push'"
        )

    def table(self, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a table of the ledger."""
        return self.rows(
            f"select {columns} from {self.name}.{SCHEMA}_LEDGER.{name} order by 1, 2"
        )

    def outboxes(self) -> list[str]:
        """The outboxes that lie beside the ledger."""
        found = self.rows(
            f"select table_name from {self.name}.information_schema.tables "
            "where table_name like 'outbox_2%'"
        )
        return [name for (name,) in found]

    def push(self, sandbox: Sandbox, *options: str) -> Run:
        """Push everything, for a program to read."""
        return self.runner(
            "push", "--yes", "--format", "json", *options, sandbox=sandbox
        )

    @contextmanager
    def by_way_of(self, port: int) -> Iterator[None]:
        """Reach the emulator through another port."""
        path = self.directory / "profiles.yml"
        before = path.read_text(encoding="utf-8")
        path.write_text(
            before.replace(f"port: {self.emulator.port}", f"port: {port}"), "utf-8"
        )
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")


def counts(pushed: Run) -> dict[str, int]:
    """Sync -> accepted rows, of those with any."""
    found = {each["sync"]: each["accepted"] for each in pushed.json["syncs"]}
    return {sync: rows for sync, rows in found.items() if rows}


def make(directory: Path, package: Path, emulator: Emulator, name: str) -> None:
    """Build the shop in a database of its own."""
    access = emulator.access(name, SCHEMA)
    output = {"type": "snowflake", **access, "threads": 2, "connect_retries": 0}
    profile = {"shop": {"target": "dev", "outputs": {"dev": output}}}
    kept = ("dbt_project.yml",)
    write(
        directory,
        {each: PROJECT[each] for each in kept}
        | models()
        | {
            "packages.yml": f"packages: [local: {package}]",
            "profiles.yml": yaml.safe_dump(profile),
        },
    )
    build(directory)
