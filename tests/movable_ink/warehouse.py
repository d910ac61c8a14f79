"""A mart and a ledger in memory, and the pending rows that the macro makes of them."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from tests.runner.rendering import _environment

ROOT = Path(__file__).parents[2]
NOW = "timezone('UTC', now())"

_LEDGER = {
    "sent_rows": "sync varchar, row_key varchar, row_hash varchar, row_json varchar",
    "rejected_rows": (
        "sync varchar, row_key varchar, row_hash varchar, attempts integer, "
        "status varchar"
    ),
    "unknown_rows": "sync varchar, row_key varchar",
    "runs": "sync varchar, started_at timestamp",
    "suppressed_users": "user_hash varchar",
}
COLUMNS = (
    "event_key varchar, event varchar, user_id varchar, anonymous_id varchar, "
    "occurred_at timestamp, timezone varchar, properties json"
)


@functools.cache
def dbt(users: str = "all") -> jinja2.Environment:
    """What a model of the sync `events` sees."""
    environment, ours = _environment("duckdb", sync="events")
    environment.globals.update(vars(ours))
    # In place: the macros hold on to what they were given.
    environment.globals["config"]["meta"]["sync"]["users"] = users
    return environment


@functools.cache
def rendered(text: str, users: str = "all") -> str:
    """The SQL of a model, as dbt renders it when it builds."""
    return dbt(users).from_string(text).render()


def model(name: str) -> str:
    """The SQL of one of our own models, which reads those that it refers to."""
    (path,) = (ROOT / "models").rglob(f"{name}.sql")
    # The harness' clock stands still.
    text = path.read_text(encoding="utf-8").replace(
        "{{ as_of_date() }}", f"cast({NOW} as date)"
    )
    return rendered(text)


@dataclass
class Warehouse:
    """The sync `events`; a test fills the mart and says what was pushed."""

    users: str = "all"
    first_run: int | None = 90
    """How many days ago it was first pushed."""
    emails: tuple[str, ...] = ()
    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self.run("set TimeZone = 'Asia/Tokyo'")
        self.run("attach ':memory:' as db; create schema db.ledger")
        for name, columns in _LEDGER.items():
            self.run(f"create table db.ledger.ledger_{name} ({columns})")
        if self.first_run is not None:
            self.run(
                "insert into db.ledger.ledger_runs values "
                f"('events', {NOW} - to_days(?)), ('other', timestamp '2020-01-01')",
                [self.first_run],
            )
        self.run(
            "create table db.ledger.braze_time_zones as select unnest("
            "['UTC', 'America/New_York', 'Europe/Berlin']) as time_zone"
        )
        self.run("create table db.ledger.emails (email varchar)")
        for email in self.emails:
            self.run("insert into db.ledger.emails values (?)", [email])

    def run(self, sql: str, values: list[Any] | None = None) -> list[Any]:
        """Run one statement; return its rows."""
        return self.connection.execute(sql, values or []).fetchall()

    def mart(self, select: str) -> None:
        """Let the mart be this."""
        self.run(f"create or replace view db.ledger.movable_ink_events as {select}")

    def events(self, *events: dict[str, Any]) -> None:
        """Let the mart hold these; what an event does not say is right."""
        self.run(f"create or replace table db.ledger.given ({COLUMNS})")
        for number, event in enumerate(events):
            row = {
                "event_key": f"e{number}",
                "event": "search",
                "user_id": "u1",
                "anonymous_id": None,
                "minutes_ago": 5,
                "timezone": "UTC",
                "properties": {"query": "wipes"},
            } | event
            self.run(
                "insert into db.ledger.given values "
                f"(?, ?, ?, ?, {NOW} - interval (cast(? as integer)) minute, ?, ?)",
                [
                    *(row[n] for n in ("event_key", "event", "user_id")),
                    *(row[n] for n in ("anonymous_id", "minutes_ago", "timezone")),
                    None
                    if row["properties"] is None
                    else json.dumps(row["properties"]),
                ],
            )
        self.mart("from db.ledger.given")

    def pending(self) -> list[dict[str, Any]]:
        """Every pending row, in the order of an outbox."""
        known = ", known_emails='db.ledger.emails'" if self.emails else ""
        text = f"{{{{ pending_movable_ink_events(ref('movable_ink_events'){known}) }}}}"
        found = self.connection.execute(
            f"from ({rendered(text, self.users)}) "
            "order by operation desc, user_key, sort_key, row_key"
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def problems(self) -> dict[str, str | None]:
        """Row key -> what is wrong with it."""
        return {row["row_key"]: row["problem"] for row in self.pending()}

    def problem(self, **event: Any) -> str | None:
        """What is wrong with this one event."""
        self.events(event)
        (row,) = self.pending()
        return row["problem"]

    def send(self, row: dict[str, Any]) -> None:
        """Note that a row was accepted."""
        self.run(
            "insert into db.ledger.ledger_sent_rows values ('events', ?, ?, ?)",
            [row["row_key"], row["row_hash"], row["row_json"]],
        )

    def introduced(self) -> set[str]:
        """The pairs of ids whose identify was accepted, as scopes."""
        rows = self.run(
            "select row_json ->> 'anonymous_id' || ' ' || (row_json ->> 'user_id') "
            "from db.ledger.ledger_sent_rows "
            "where row_json ->> 'event' = 'identify'"
        )
        return {str(scope) for (scope,) in rows}

    def refuse(self, row: dict[str, Any], *, attempts: int = 1) -> None:
        """Note that a row was refused."""
        self.run(
            "delete from db.ledger.ledger_rejected_rows where row_key = ?",
            [row["row_key"]],
        )
        self.run(
            "insert into db.ledger.ledger_rejected_rows values "
            "('events', ?, ?, ?, '422')",
            [row["row_key"], row["row_hash"], attempts],
        )

    def park(self, row: dict[str, Any]) -> None:
        """Note that nobody knows of a row."""
        self.run(
            "insert into db.ledger.ledger_unknown_rows values ('events', ?)",
            [row["row_key"]],
        )
