"""The ledger's statements: lease, outbox, acknowledgements and their fold.

Every function takes an open connection and is one transaction or part of the
caller's; nothing here talks to the network or decides what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from .manifest import Relation

if TYPE_CHECKING:
    import duckdb

Verdict = Literal["accepted", "rejected", "unknown"]

SEQ = "rowid"
"""The number of an outbox row. DuckDB numbers the rows of a fresh table for nothing,
where a window function would cost a pass; an outbox is never written again."""


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of the outbox rows first_seq..last_seq."""

    first_seq: int
    last_seq: int
    verdict: Verdict
    reason: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many planned rows ended in each class."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0


def utcnow() -> datetime:
    """Now in UTC without a zone, as the ledger's timestamps are."""
    return datetime.now(UTC).replace(tzinfo=None)


class Ledger:
    """The ledger tables of one project, through one open connection."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, tables: dict[str, Relation]
    ) -> None:
        self.connection = connection
        self.sent = tables["ledger_sent_rows"]
        self.rejected = tables["ledger_rejected_rows"]
        self.unknown = tables["ledger_unknown_rows"]
        self.runs = tables["ledger_runs"]
        self.acks = tables["ledger_acks"]
        self.lease = tables["ledger_lease"]

    def outbox(self, name: str) -> Relation:
        """Where a run keeps the rows on their way: a table beside the ledger."""
        return Relation(self.runs.database, self.runs.schema, name)

    def forget(self, sync: str) -> None:
        """Full resync: as if nothing of this sync was ever sent or refused."""
        for table in (self.sent, self.rejected):
            self.connection.execute(f"delete from {table} where sync = ?", [sync])

    def start_run(
        self,
        *,
        run_id: str,
        sync: str,
        plan_id: str,
        revision: str,
        planned: int,
        outbox: str,
    ) -> None:
        """Record that a run of a sync begins; its outbox already exists."""
        self.connection.execute(
            f"insert into {self.runs} (run_id, sync, started_at, plan_id, "
            "git_revision, planned, accepted, rejected, unknown, requests, data_points, outbox) "
            "values (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?)",
            [run_id, sync, utcnow(), plan_id, revision, planned, outbox],
        )

    def record(
        self, run_id: str, sync: str, acks: Sequence[Ack], requests: int
    ) -> None:
        """Record a window of acknowledgements, kept or lost as a whole."""
        now = utcnow()
        if acks:
            self.connection.execute(
                f"insert into {self.acks} select ?, ?, unnest(?::bigint[]), "
                "unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[]), "
                "unnest(?::varchar[]), ?",
                [
                    run_id,
                    sync,
                    [ack.first_seq for ack in acks],
                    [ack.last_seq for ack in acks],
                    [ack.verdict for ack in acks],
                    [ack.reason for ack in acks],
                    [ack.status for ack in acks],
                    now,
                ],
            )
        self.connection.execute(
            f"update {self.runs} set requests = ? where run_id = ? and sync = ?",
            [requests, run_id, sync],
        )

    def finish_run(
        self, *, run_id: str, sync: str, outbox: str, outcome: str, message: str = ""
    ) -> Counts:
        """Fold the run's acknowledgements into the ledger and drop its outbox."""
        table = self.outbox(outbox)
        counts, data_points = self._fold(run_id, sync, table)
        self.connection.execute(
            f"update {self.runs} set finished_at = ?, accepted = ?, rejected = ?, "
            "unknown = ?, data_points = ?, outcome = ?, message = ? "
            "where run_id = ? and sync = ?",
            [
                utcnow(),
                counts.accepted,
                counts.rejected,
                counts.unknown,
                data_points,
                outcome,
                message,
                run_id,
                sync,
            ],
        )
        self.connection.execute(
            f"delete from {self.acks} where run_id = ? and sync = ?", [run_id, sync]
        )
        self.connection.execute(f"drop table {table}")
        return counts

    def unfinished_runs(self) -> list[tuple[str, str, str]]:
        """Return (run_id, sync, outbox) of every run that was cut off."""
        return self.connection.execute(
            f"select run_id, sync, outbox from {self.runs} where finished_at is null "
            "order by started_at"
        ).fetchall()

    def _fold(self, run_id: str, sync: str, outbox: Relation) -> tuple[Counts, int]:
        acked = (
            "select outbox.*, acks.outcome, acks.reason, acks.status "
            f"from {outbox} as outbox inner join {self.acks} as acks on outbox.{SEQ} between acks.first_seq "
            "and acks.last_seq where acks.run_id = ? and acks.sync = ? "
            "and outbox.problem is null"
        )
        refused_here = (
            "select outbox.*, 'rejected' as outcome, outbox.problem as reason, "
            f"'not sent' as status from {outbox} as outbox "
            "where outbox.problem is not null"
        )
        # The outbox knows what was planned; acks say what became of it.
        self.connection.execute(
            f"create or replace temp table settled as {acked} union all {refused_here}",
            [run_id, sync],
        )
        row = self.connection.execute(
            "select count(*) filter (outcome = 'accepted'), "
            "count(*) filter (outcome = 'rejected'), "
            "count(*) filter (outcome = 'unknown'), "
            "coalesce(sum(data_points) filter (outcome = 'accepted'), 0) from settled"
        ).fetchone()
        accepted, rejected, unknown, data_points = row or (0, 0, 0, 0)
        self._keep_sent(run_id, sync)
        if rejected or self._has(self.rejected, sync):
            self._keep_rejected(run_id, sync)
        if unknown:
            self._keep_unknown(run_id, sync)
        self.connection.execute("drop table settled")
        return Counts(accepted, rejected, unknown), int(data_points)

    def _has(self, table: Relation, sync: str) -> bool:
        found = self.connection.execute(
            f"select 1 from {table} where sync = ? limit 1", [sync]
        ).fetchone()
        return found is not None

    def _keep_sent(self, run_id: str, sync: str) -> None:
        if self._has(self.sent, sync):
            self.connection.execute(
                f"delete from {self.sent} where sync = ? and row_key in "
                "(select row_key from settled where outcome = 'accepted')",
                [sync],
            )
        self.connection.execute(
            f"insert into {self.sent} "
            "(sync, row_key, row_hash, row_json, run_id, sent_at) select ?, row_key, row_hash, row_json, ?, ? from settled "
            "where outcome = 'accepted' and change <> 'removed'",
            [sync, run_id, utcnow()],
        )

    def _keep_rejected(self, run_id: str, sync: str) -> None:
        """The newest word counts: accepted clears a row, rejected again adds up."""
        self.connection.execute(
            "create or replace temp table attempts as "
            "select row_key, row_hash, max(attempts) as attempts "
            f"from {self.rejected} where sync = ? group by row_key, row_hash",
            [sync],
        )
        self.connection.execute(
            f"delete from {self.rejected} where sync = ? and row_key in "
            "(select row_key from settled where outcome in ('accepted', 'rejected'))",
            [sync],
        )
        self.connection.execute(
            f"insert into {self.rejected} (sync, row_key, row_hash, change, payload, "
            "reason, status, run_id, attempts, rejected_at) "
            "select ?, settled.row_key, settled.row_hash, settled.change, "
            "settled.payload, settled.reason, settled.status, ?, "
            "coalesce(attempts.attempts, 0) + 1, ? from settled "
            "left join attempts on settled.row_key = attempts.row_key "
            "and settled.row_hash = attempts.row_hash "
            "where settled.outcome = 'rejected'",
            [sync, run_id, utcnow()],
        )
        self.connection.execute("drop table attempts")

    def _keep_unknown(self, run_id: str, sync: str) -> None:
        self.connection.execute(
            f"insert into {self.unknown} (sync, row_key, row_hash, change, payload, "
            "reason, status, run_id, unknown_at) "
            "select ?, row_key, row_hash, change, payload, reason, status, ?, ? "
            "from settled where outcome = 'unknown'",
            [sync, run_id, utcnow()],
        )


def merged(acks: Iterable[Ack]) -> list[Ack]:
    """Join neighbouring acks that say the same, so that a window is a few rows."""
    result: list[Ack] = []
    for ack in sorted(acks, key=lambda one: one.first_seq):
        last = result[-1] if result else None
        same = last and (last.verdict, last.reason, last.status) == (
            ack.verdict,
            ack.reason,
            ack.status,
        )
        if last and same and last.last_seq + 1 == ack.first_seq:
            result[-1] = Ack(
                last.first_seq, ack.last_seq, ack.verdict, ack.reason, ack.status
            )
        else:
            result.append(ack)
    return result
