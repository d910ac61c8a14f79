"""The ledger's tables: runs, their outboxes and their acknowledgements.

Works through one open connection, inside the caller's transactions; nothing here
talks to the network or decides what is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from .manifest import Relation
from .warehouse.session import portions

if TYPE_CHECKING:
    from .warehouse import Session

Verdict = Literal["claimed", "accepted", "rejected", "unknown"]
"""`claimed` is no fate yet: the rows may leave, and a crash leaves them in doubt."""

NOT_SENT = "not sent"
"""The status of a row that was refused before it could travel."""


SENT_AGAIN = "sent more than once"
"""Why an accepted row is not quite trusted: the answers before said nothing."""


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


_ACK = {
    "first_seq": "bigint",
    "last_seq": "bigint",
    "outcome": "varchar",
    "reason": "varchar",
    "status": "varchar",
}


class Ledger:
    """The ledger tables of one project, through one open connection."""

    def __init__(self, connection: Session, tables: dict[str, Relation]) -> None:
        self.connection = connection
        self.sent = tables["ledger_sent_rows"]
        self.rejected = tables["ledger_rejected_rows"]
        self.unknown = tables["ledger_unknown_rows"]
        self.runs = tables["ledger_runs"]
        self.acks = tables["ledger_acks"]
        self.lease = tables["ledger_lease"]
        self.suppressed = tables["ledger_suppressed_users"]

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing."""
        return self.connection.transaction(self.lease)

    def outbox(self, name: str) -> Relation:
        """Where a run keeps the rows on their way: a table beside the ledger."""
        return Relation(self.runs.database, self.runs.schema, name)

    def sent_rows(self, sync: str) -> int:
        """How many rows of the sync the destination has acknowledged."""
        row = self.connection.execute(
            f"select count(*) from {self.sent} where sync = ?", [sync]
        ).fetchone()
        return int(row[0]) if row else 0

    def last_outcome(self, sync: str) -> str | None:
        """How the last run of the sync ended, if there was one."""
        row = self.connection.execute(
            f"""
            select outcome from {self.runs}
            where sync = ? and finished_at is not null
            order by started_at desc limit 1
            """,
            [sync],
        ).fetchone()
        return str(row[0]) if row else None

    def is_first_run(self, sync: str) -> bool:
        """Whether no push has ever got as far as this sync's rows."""
        row = self.connection.execute(
            f"""
            select 1 from {self.runs}
            where sync = ? and coalesce(outcome, '') not in ('held', 'skipped') limit 1
            """,
            [sync],
        ).fetchone()
        return row is None and not self.sent_rows(sync)

    def adopt(self, run_id: str, sync: str, outbox: str) -> None:
        """Take history into the ledger without sending it: it has no `sent_at`."""
        self.connection.execute(
            f"""
            insert into {self.sent} (sync, row_key, row_hash, row_json, run_id, sent_at)
            select ?, row_key, row_hash, row_json, ?, null
            from {self.outbox(outbox)} where aside = 'adopted'
            """,
            [sync, run_id],
        )

    def delivered_columns(self, sync: str) -> list[dict[str, str]]:
        """The marts (column -> type) that were delivered, the latest at the end."""
        rows = self.connection.execute(
            f"""
            select columns from {self.runs}
            where sync = ? and columns is not null and accepted > 0
            group by columns order by max(started_at)
            """,
            [sync],
        ).fetchall()
        return [json.loads(text) for (text,) in rows]

    def count_requests(self, run_id: str, sync: str, requests: int) -> None:
        """Add requests to a run that is at work."""
        self.connection.execute(
            f"""
            update {self.runs} set requests = requests + ? where run_id = ? and sync = ?
            """,
            [requests, run_id, sync],
        )

    def require(self) -> None:
        """Look at every table, so that none is found missing after the first byte."""
        tables = (
            self.sent,
            self.rejected,
            self.unknown,
            self.runs,
            self.acks,
            self.lease,
            self.suppressed,
        )
        self.connection.execute(
            " union all ".join(f"select 1 from {table} where 1 = 0" for table in tables)
        )

    def forget(self, sync: str) -> None:
        """Full resync: nothing that was sent counts as known any more.

        The rows stay, without their hashes: a null that replaces a value and a row
        that left the mart must still be told.
        """
        self.connection.execute(
            f"update {self.sent} set row_hash = '' where sync = ?", [sync]
        )
        self.connection.execute(f"delete from {self.rejected} where sync = ?", [sync])

    def start_run(
        self,
        *,
        run_id: str,
        sync: str,
        plan_id: str,
        revision: str,
        planned: int,
        outbox: str,
        endpoint: str,
        columns: str,
        held: int,
        outcome: str | None = None,
    ) -> None:
        """Record that a run of a sync begins, or with an outcome that it is over.

        Its outbox already exists.
        """
        now = utcnow()
        self.connection.execute(
            f"""
            insert into {self.runs} (
                run_id, sync, started_at, plan_id, git_revision, planned,
                accepted, rejected, unknown, requests, data_points, outbox, endpoint,
                columns, held, finished_at, outcome
            )
            values (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?)
            """,
            [
                run_id,
                sync,
                now,
                plan_id,
                revision,
                planned,
                outbox,
                endpoint,
                columns,
                held,
                now if outcome else None,
                outcome,
            ],
        )

    def record(self, run_id: str, sync: str, acks: Sequence[Ack]) -> None:
        """Record a window of acknowledgements, kept or lost as a whole."""
        for some in portions(map(astuple, acks)):
            self.connection.execute(
                f"""
                insert into {self.acks} (
                    run_id, sync, first_seq, last_seq, outcome, reason, status, acked_at
                )
                select ?, ?, acks.*, ? from {self.connection.rows_of(_ACK)} as acks
                """,
                [run_id, sync, utcnow(), some],
            )

    def reword(self, sync: str, payloads: Mapping[str, str]) -> None:
        """Row key -> what is served of it now, where that is not what was sent."""
        served = {"served_key": "varchar", "payload": "varchar"}
        for some in portions(payloads.items()):
            self.connection.execute(
                f"""
                update {self.sent} set row_json = served.payload
                from {self.connection.rows_of(served)} as served
                where sync = ? and row_key = served.served_key
                """,
                [some, sync],
            )

    def acks_of(self, run_id: str, sync: str) -> list[Ack]:
        """What was recorded of a run and not folded yet."""
        rows = self.connection.execute(
            f"""
            select first_seq, last_seq, outcome, reason, status from {self.acks}
            where run_id = ? and sync = ? order by first_seq
            """,
            [run_id, sync],
        ).fetchall()
        return [Ack(*row) for row in rows]

    def replace_acks(self, run_id: str, sync: str, acks: Sequence[Ack]) -> None:
        """Forget what was recorded of a run, and record this instead."""
        self.connection.execute(
            f"delete from {self.acks} where run_id = ? and sync = ?", [run_id, sync]
        )
        self.record(run_id, sync, acks)

    def last_endpoints(self) -> dict[str, str]:
        """Sync -> the Braze that its ledger is about, if it was ever told anything."""
        return dict(
            self.connection.execute(
                f"""
                select sync, endpoint from {self.runs}
                where accepted > 0 and endpoint is not null
                qualify
                    row_number() over (partition by sync order by started_at desc) = 1
                """
            ).fetchall()
        )

    def has(self, outbox: str) -> bool:
        """Whether a run's outbox is still there."""
        return self.connection.has(self.outbox(outbox))

    def stray_outboxes(self, before: datetime) -> list[Relation]:
        """Outboxes made before then that no run ever began with.

        Where a table is made outside of the transaction that records the run, a crash
        between the two leaves one.
        """
        rows = self.connection.execute(
            f"""
            select table_name
            from {self.connection.tables_of(self.runs.database)}
            where table_schema = ? and table_name between 'outbox_' and ?
            """,
            [self.runs.schema, f"outbox_{before:%Y%m%dt%H%M%S}"],
        ).fetchall()
        known = {outbox for _, _, outbox in self.unfinished_runs()} if rows else set()
        return [self.outbox(name) for (name,) in rows if name not in known]

    def has_ended(self, outbox: str) -> bool:
        """Whether the run of this outbox is over."""
        row = self.connection.execute(
            f"""
            select 1 from {self.runs} where outbox = ? and finished_at is not null
            """,
            [outbox],
        ).fetchone()
        return row is not None

    def outbox_rows(self, outbox: str) -> int:
        """How many rows a run's outbox has."""
        row = self.connection.execute(
            f"select count(*) from {self.outbox(outbox)}"
        ).fetchone()
        return int(row[0]) if row else 0

    def hold_not_accepted(
        self, run_id: str, sync: str, outbox: str, stretch: tuple[int, int]
    ) -> set[str]:
        """Which scopes of the outbox rows first..last have no acceptance.

        What comes after them in these scopes is held: it stays pending.
        """
        seq = self.connection.seq
        rows = self.connection.execute(
            f"""
            select distinct outbox.scope
            from {self.outbox(outbox)} as outbox
            left join {self.acks} as acks
                on acks.run_id = ? and acks.sync = ? and acks.outcome = 'accepted'
                and outbox.{seq} between acks.first_seq and acks.last_seq
            where
                outbox.{seq} between ? and ?
                and (acks.run_id is null or outbox.problem is not null)
            """,
            [run_id, sync, *stretch],
        ).fetchall()
        scopes = [str(scope) for (scope,) in rows]
        listed = self.connection.rows_of({"scope": "varchar"})
        for some in portions([scope] for scope in scopes):
            self.connection.execute(
                f"""
                update {self.outbox(outbox)} set aside = 'held'
                where {seq} > ? and scope in (select scope from {listed} as listed)
                """,
                [stretch[1], some],
            )
        return set(scopes)

    def discard_acks(self, run_id: str, sync: str, first: int, last: int) -> None:
        """What was acknowledged of these rows proved wrong: they are pending again."""
        self.connection.execute(
            f"""
            delete from {self.acks}
            where run_id = ? and sync = ? and first_seq between ? and ?
            """,
            [run_id, sync, first, last],
        )

    def end_run(self, run_id: str, sync: str, outcome: str, message: str) -> None:
        """End a run of which nothing has to be folded."""
        self.connection.execute(
            f"""
            update {self.runs} set finished_at = ?, outcome = ?, message = ?
            where run_id = ? and sync = ?
            """,
            [utcnow(), outcome, message, run_id, sync],
        )

    def give_up_run(self, run_id: str, sync: str) -> None:
        """End a run that nothing is left of; what it had sent is sent once more."""
        self.connection.execute(
            f"""
            update {self.runs} set finished_at = ?, outcome = 'lost'
            where run_id = ? and sync = ?
            """,
            [utcnow(), run_id, sync],
        )
        self.connection.execute(
            f"delete from {self.acks} where run_id = ? and sync = ?", [run_id, sync]
        )

    def unfinished_runs(self) -> list[tuple[str, str, str]]:
        """Return (run_id, sync, outbox) of every run that was cut off."""
        return self.connection.execute(
            f"""
            select run_id, sync, outbox from {self.runs}
            where finished_at is null order by started_at
            """
        ).fetchall()


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
