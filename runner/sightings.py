"""Settles parked events and purchases by what Braze's Currents has seen of them.

The key of an event travels in its properties as `event_id`. When Currents brings it
back, the event has arrived; that it does not come back proves nothing, so nothing is
sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import unsettled
from .currents.coverage import Coverage, coverage
from .currents.event_types import MANIFEST_TABLE, table_name
from .errors import ConfigError
from .ledger import Ledger, utcnow
from .manifest import Relation, Sync
from .warehouse.duckdb_session import DuckDBSession

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Sought:
    """Where an object's rows come back, and what must agree besides the event_id."""

    event_type: str
    member: str
    """A member of the payload and, in lower case, a column of the table."""


SOUGHT = {
    "events": Sought("users.behaviors.CustomEvent", "name"),
    "purchases": Sought("users.behaviors.Purchase", "product_id"),
}
"""Object -> the events of Currents that it becomes."""

# An hour for clocks that disagree.
_SENT_AFTER = (
    "coalesce(runs.started_at, unknown_rows.unknown_at - interval 7 day) "
    "- interval 1 hour"
)


@dataclass(frozen=True, slots=True)
class Parked:
    """A row that Currents has not brought back."""

    sync: str
    row_key: str
    run_id: str
    unknown_at: datetime
    payload: str
    sent_after: datetime


@dataclass(slots=True)
class Settled:
    """What came of it."""

    count: int = 0
    """Rows that count as sent now."""
    not_seen: list[Parked] = field(default_factory=list)
    """Currents covers the time of their sending and long after, and has them not."""
    waiting: list[Parked] = field(default_factory=list)
    """Currents may still bring them, or a file that was not read may hold them."""
    not_loaded: list[str] = field(default_factory=list)
    """Event types that would be needed and were never loaded."""
    covered_until: dict[str, datetime] = field(default_factory=dict)
    """Event type -> the latest hour of which a file was loaded, in UTC."""


def settle(
    ledger: Ledger, syncs: Sequence[Sync], schema: str, wait: timedelta
) -> Settled:
    """Take as sent what Currents has seen; say of the rest whether it should have.

    `schema` is Currents' in the warehouse. Raises ConfigError where nothing was loaded.
    """
    if not _columns(ledger, schema, MANIFEST_TABLE):
        msg = "no Currents file was loaded yet. Run: runner currents load PATH"
        raise ConfigError(msg)
    found = Settled()
    for sync in syncs:
        sought = SOUGHT.get(sync.object)
        rows = list(_parked(ledger, sync)) if sought else []
        if not sought or not rows:
            continue
        is_loaded = _is_loaded(ledger, schema, sought)
        if not is_loaded and sought.event_type not in found.not_loaded:
            found.not_loaded.append(sought.event_type)
        seen = _seen(ledger, sync, schema, sought) if is_loaded else set()
        covered = _coverage(ledger, schema, sought) if is_loaded else None
        if covered and covered.until:
            found.covered_until[sought.event_type] = covered.until
        if seen:
            chosen = unsettled.Chosen([sync], sorted(seen), None)
            found.count += unsettled.mark_sent(ledger, chosen)
        for row in rows:
            if row.row_key in seen:
                continue
            is_covered = covered and covered.holds(
                row.sent_after, row.unknown_at + wait
            )
            (found.not_seen if is_covered else found.waiting).append(row)
    return found


def _coverage(ledger: Ledger, schema: str, sought: Sought) -> Coverage:
    manifest = str(_table(ledger, schema, MANIFEST_TABLE))
    return coverage(_file(ledger), manifest, sought.event_type, utcnow())


def _file(ledger: Ledger) -> duckdb.DuckDBPyConnection:
    """The DuckDB file that `runner currents load` has filled."""
    session = ledger.connection
    if not isinstance(session, DuckDBSession):
        msg = (
            "what Currents has seen can be asked in DuckDB only so far. Look there "
            "yourself, then run: runner unknown --mark-sent"
        )
        raise ConfigError(msg)
    return session.connection


def _is_loaded(ledger: Ledger, schema: str, sought: Sought) -> bool:
    found = _columns(ledger, schema, table_name(sought.event_type))
    people = {"user_id", "external_user_id"}
    return {"properties", "_hour", sought.member} | people <= found


def _table(ledger: Ledger, schema: str, name: str) -> Relation:
    return Relation(ledger.runs.database, schema, name)


def _columns(ledger: Ledger, schema: str, table: str) -> set[str]:
    rows = (
        _file(ledger)
        .execute(
            """
            select column_name from duckdb_columns()
            where database_name = ? and schema_name = ? and table_name = ?
            """,
            [ledger.runs.database, schema, table],
        )
        .fetchall()
    )
    return {name for (name,) in rows}


def _parked(ledger: Ledger, sync: Sync) -> Iterator[Parked]:
    rows = ledger.connection.execute(
        f"""
        select
            unknown_rows.sync, row_key, unknown_rows.run_id, unknown_at, payload,
            {_SENT_AFTER}
        from {ledger.unknown} as unknown_rows
        left join {ledger.runs} as runs
            on unknown_rows.run_id = runs.run_id and unknown_rows.sync = runs.sync
        where unknown_rows.sync = ?
        order by unknown_at, row_key
        """,
        [sync.name],
    ).fetchall()
    for row in rows:
        yield Parked(*row)


def _seen(ledger: Ledger, sync: Sync, schema: str, sought: Sought) -> set[str]:
    """The keys of the sync's parked rows that came back since their run began."""
    table = _table(ledger, schema, table_name(sought.event_type))
    rows = ledger.connection.execute(
        f"""
        with

        parked as (
            select
                unknown_rows.row_key,
                json_extract_string(payload, '$.properties.event_id') as event_id,
                json_extract_string(payload, '$.{sought.member}') as member,
                json_extract_string(payload, '$.external_id') as external_id,
                json_extract_string(payload, '$.braze_id') as braze_id,
                {_SENT_AFTER} as sent_after
            from {ledger.unknown} as unknown_rows
            left join {ledger.runs} as runs
                on unknown_rows.run_id = runs.run_id and unknown_rows.sync = runs.sync
            where unknown_rows.sync = ?
        ),

        arrived as (
            select
                json_extract_string(try_cast(properties as json), '$.event_id')
                    as event_id,
                {sought.member} as member, external_user_id, user_id, _hour
            from {table}
            where
                contains(properties, '"event_id"')
                and _hour >= (
                    select date_trunc('hour', min(sent_after)) from parked
                )
        )

        select distinct parked.row_key
        from parked
        semi join arrived
            on parked.event_id = arrived.event_id
            and parked.member = arrived.member
            -- Another person's event, or another sync's, may have the same key.
            and coalesce(parked.external_id = arrived.external_user_id, true)
            and coalesce(parked.braze_id = arrived.user_id, true)
            and arrived._hour >= date_trunc('hour', parked.sent_after)
        """,
        [sync.name],
    ).fetchall()
    return {key for (key,) in rows}
