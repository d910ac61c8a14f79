"""Everything that the warehouse holds about one key: mart, ledger and pending rows.

Reads and masks; what follows from it is said elsewhere. A key is a person's id or
address, or whatever identifies a row: an order, an item, an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .columns import WAITS
from .manifest import Relation, Sync
from .masking import masked_payload, shown_key, without_addresses
from .sought import IDENTIFIERS, Key, about_key

if TYPE_CHECKING:
    from .warehouse import Session

MOST_ROWS = 5
"""Rows of one kind that are shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one kind: how many there are, and the first few, masked."""

    count: int = 0
    rows: tuple[dict[str, Any], ...] = ()

    @property
    def first(self) -> dict[str, Any]:
        """The newest, of which there must be one."""
        return self.rows[0]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a key in one sync."""

    sync: Sync
    mart: Found
    sent: Found
    pending: Found
    rejected: Found
    unknown: Found
    marts: tuple[str, ...]
    """Where a person could be found: what the pending model reads that has people."""
    suppressed_at: datetime | None = None
    last_run: dict[str, Any] | None = None
    held: tuple[str, ...] = ()
    """Why dbt's tests hold the sync back."""


def trace(
    connection: Session,
    tables: dict[str, Relation],
    sync: Sync,
    key: Key,
    held: Sequence[str],
) -> Facts:
    """Look for the key everywhere that a sync reads or writes."""
    tracer = _Tracer(connection, tables, sync, key)
    marts = {
        mart: columns
        for mart in sync.marts
        if (columns := tracer.identifying_columns(mart))
    }
    found = [tracer.mart_rows(mart, columns) for mart, columns in marts.items()]
    return Facts(
        sync=sync,
        mart=Found(
            sum(each.count for each in found),
            tuple(row for each in found for row in each.rows)[:MOST_ROWS],
        ),
        sent=tracer.ledger_rows(
            "ledger_sent_rows",
            "row_json",
            ("sent_at", "run_id", "row_hash = '' as awaits_resync"),
        ),
        pending=tracer.pending_rows(),
        rejected=tracer.ledger_rows(
            "ledger_rejected_rows",
            "payload",
            ("rejected_at", "attempts", "status", "reason", "run_id"),
        ),
        unknown=tracer.ledger_rows(
            "ledger_unknown_rows", "payload", ("unknown_at", "reason", "run_id")
        ),
        marts=tuple(mart.name for mart in marts),
        suppressed_at=tracer.suppressed_at(),
        last_run=tracer.last_run(),
        held=tuple(held),
    )


class _Tracer:
    """One key in one sync, through one open connection."""

    def __init__(
        self,
        connection: Session,
        tables: dict[str, Relation],
        sync: Sync,
        key: Key,
    ) -> None:
        self.connection, self.tables = connection, tables
        self.sync, self.key = sync, key

    def identifying_columns(self, relation: Relation) -> list[str]:
        """The columns of a mart in which a key may stand; none where none is built."""
        return [
            name
            for name in self._columns(relation)
            if name == "id"
            or name.endswith("_key")
            or any(name == one or name.endswith(f"_{one}") for one in IDENTIFIERS)
        ]

    def mart_rows(self, mart: Relation, columns: list[str]) -> Found:
        """The rows of a mart that are about the key."""
        tests = [
            f"lower(cast({self.connection.column(name)} as varchar)) = lower(?)"
            if name.endswith("email")
            else f"cast({self.connection.column(name)} as varchar) = ?"
            for name in columns
        ]
        content = self.connection.json_of(self._columns(mart))
        return self._found(
            ("content",),
            f"select {content} as content from {mart} as mart "
            f"where {' or '.join(tests)}",
            [self.key.text] * len(tests),
        )

    def ledger_rows(self, table: str, content: str, columns: Sequence[str]) -> Found:
        """The newest rows of a ledger table that are about the key in this sync."""
        test, parameters = about_key(self.connection, self.key, content)
        return self._found(
            (*(name.split()[-1] for name in columns), "row_key", "content"),
            f"select {', '.join(columns)}, row_key, {content} as content "
            f"from {self.tables[table]} where sync = ? and ({test})",
            [self.sync.name, *parameters],
        )

    def pending_rows(self) -> Found:
        """What the next push would send of the key, or why it cannot."""
        columns = self._columns(self.sync.pending)
        if not columns:
            return Found()
        test, parameters = about_key(self.connection, self.key, "payload")
        if "user_key" in columns:
            test = f"{test} or {self.connection.one_of('user_key')}"
            parameters.append(self.key.users)
        if "user_keys" in columns:
            test = f"{test} or {self.connection.overlaps('user_keys')}"
            parameters.append(self.key.users)
        waits = WAITS if WAITS in columns else "null"
        return self._found(
            ("change", "problem", "waits", "row_key", "content", "key_count"),
            f"select change, problem, {waits} as waits, "
            "row_key, payload as content, "
            # The views count keys only where rows were sent before; a guard counts all.
            "greatest(key_count, count(*) over (partition by row_key)) as key_count "
            f"from {self.sync.pending} where {test}",
            parameters,
        )

    def suppressed_at(self) -> datetime | None:
        """Since when nothing may be sent for whom the key means."""
        row = self.connection.execute(
            f"select min(suppressed_at) from {self.tables['ledger_suppressed_users']} "
            f"where {self.connection.among('user_hash')}",
            [self.key.hashes],
        ).fetchone()
        return row[0] if row else None

    def last_run(self) -> dict[str, Any] | None:
        """The newest run of the sync, whatever became of it."""
        names = ("run_id", "started_at", "finished_at", "outcome", "message")
        rows = self._rows(
            names,
            f"select {', '.join(names)} from {self.tables['ledger_runs']} "
            "where sync = ? order by started_at desc limit 1",
            [self.sync.name],
        )
        return rows[0] if rows else None

    def _columns(self, relation: Relation) -> list[str]:
        """A relation's columns; none where dbt has not built it."""
        if not self.connection.has(relation):
            return []
        return list(self.connection.columns_of(relation))

    def _found(
        self, names: Sequence[str], query: str, parameters: Sequence[Any]
    ) -> Found:
        """Count the rows of a query; mask the first few by its first column."""
        rows = self._rows(
            (*names, "found_count"),
            f"select *, count(*) over () as found_count from ({query}) "
            f"order by 1 desc limit {MOST_ROWS}",
            parameters,
        )
        count = rows[0]["found_count"] if rows else 0
        return Found(count, tuple(self._masked(row) for row in rows))

    def _rows(
        self, names: Sequence[str], query: str, parameters: Sequence[Any]
    ) -> list[dict[str, Any]]:
        rows = self.connection.execute(query, parameters).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _masked(self, row: dict[str, Any]) -> dict[str, Any]:
        content = row.pop("content") or ""
        del row["found_count"]
        if "row_key" in row:
            row["row_key"] = shown_key(row["row_key"] or "", content)
        row["row"] = without_addresses(masked_payload(content, self.sync.pii))
        return row
