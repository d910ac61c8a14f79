"""Publishes what is pending of a collection: all of it becomes visible at once.

Rows go from the outbox into the store in windows; until the store's commit nobody sees
one of them, and until then none is acknowledged. A push that is cut off is made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import lease as leases
from .carrying import carried
from .errors import DeliveryError, RunnerError
from .interrupts import Interrupts
from .ledger import Ack, Ledger
from .pump import Job, Progress
from .standing import SLASH, collection_of, run_of

if TYPE_CHECKING:
    from .store import Filling, Store
    from .store.definition import Definition

WINDOW_BYTES = 64_000_000
"""Payload bytes read from the outbox at a time."""

_REST = 50_000
"""Rows of the ledger written at a time when a collection is filled anew."""

Row = tuple[str, str, str]
"""Key, payload, hash."""


@dataclass(slots=True)
class Publishing:
    """The delivery of one job to the store; `run` does all of it or nothing."""

    job: Job
    store: Store
    built_at: datetime | None
    """When dbt built the mart, where its results say so."""
    lease: leases.Lease
    interrupts: Interrupts
    open_ledger: Callable[[], AbstractContextManager[Ledger]]
    progress: Progress
    requests: int = 0
    """Writes to the store."""
    failure: RunnerError | None = None
    _began: float = field(default_factory=time.monotonic)
    _written: int = 0
    _changed: dict[str, str] = field(default_factory=dict)
    """Row key -> payload of the records that were carried over otherwise than told."""

    def run(self) -> None:
        """Write everything, or note in `failure` why nothing was."""
        try:
            if self.job.plan.sendable:
                self._publish()
            else:
                self._confirm()
        except DeliveryError as error:
            self.failure = error

    def close(self) -> None:
        """Nothing outlives a run here: the store has its own."""

    def _publish(self) -> None:
        plan, definition = self.job.plan, self._definition()
        collection = definition.collection
        held = self.store.held().get(collection)
        with self.store.fill(
            definition,
            run_id=run_of(self.job.run_id, plan.sync),
            # Where dbt does not say, what is served is no younger than it was.
            built_at=self.built_at or (held.version.built_at if held else _now()),
            anew=plan.anew,
            after=plan.found,
        ) as filling:
            for gone, put in self._windows(collection):
                if self.interrupts.signal is not None:
                    return
                self._write(filling, gone, put)
            for put in self._carried(definition):
                self._write(filling, [], put)
            if self.interrupts.signal is not None:
                return
            # Whoever took the lease over may be filling already.
            with self.open_ledger() as ledger:
                self._keep_lease(ledger)
            filling.commit()
        self._erase(collection)
        self._record()

    def _write(self, filling: Filling, gone: list[str], put: list[Row]) -> None:
        if gone:
            filling.remove(gone)
        if put:
            filling.put(put)
        self.requests += 1
        self._written += len(gone) + len(put)
        seconds = time.monotonic() - self._began
        shown = min(self._written, self.job.plan.sendable)
        self.progress(self.job.plan, shown, 0, seconds)

    def _confirm(self) -> None:
        """Nothing differs: what is served is as fresh as the mart."""
        with self.open_ledger() as ledger:
            name = collection_of(ledger, self.job.plan.sync, self._outbox(ledger))
        if name and self.built_at and not self.job.plan.refused:
            self.store.confirm(name, built_at=self.built_at)

    def _outbox(self, ledger: Ledger) -> str:
        return str(ledger.outbox(self.job.outbox))

    def _definition(self) -> Definition:
        """The collection as it is planned now, or as it was told before."""
        with self.open_ledger() as ledger:
            row = ledger.connection.execute(
                f"""
                select payload from {self._outbox(ledger)}
                where operation = 'collection' and problem is null
                union all
                select row_json from {ledger.sent}
                where sync = ? and not contains(row_key, '{SLASH}')
                limit 1
                """,
                [self.job.plan.sync.name],
            ).fetchone()
        if row is None:
            msg = f"{self.job.plan.sync.name}: its pending rows define no collection."
            raise DeliveryError(msg)
        from .store.definition import Definition  # noqa: PLC0415 - an extra

        return Definition.read(row[0])

    def _windows(self, collection: str) -> Iterator[tuple[list[str], list[Row]]]:
        """The keys to remove and the rows to put, as the outbox has them."""
        for stage in self.job.plan.stages:
            if stage.operation.is_definition or not stage.sendable:
                continue
            average = stage.payload_bytes // stage.sendable + 1
            step = max(WINDOW_BYTES // average, 1)
            for first in range(stage.first_seq, stage.last_seq + 1, step):
                last = min(first + step - 1, stage.last_seq)
                rows = self._read(collection, first, last)
                if stage.operation.name == "records_delete":
                    yield [key for key, _, _ in rows], []
                else:
                    yield [], rows

    def _read(self, collection: str, first: int, last: int) -> list[Row]:
        with self.open_ledger() as ledger:
            self._keep_lease(ledger)
            seq = ledger.connection.seq
            return ledger.connection.execute(
                f"""
                select substr(row_key, ?), payload, coalesce(row_hash, '')
                from {self._outbox(ledger)}
                where {seq} between ? and ? and problem is null and aside is null
                order by {seq}
                """,
                [len(collection) + 2, first, last],
            ).fetchall()

    def _carried(self, definition: Definition) -> Iterator[list[Row]]:
        """Records that no row makes anew, as they may still be.

        Of a collection that is written anew, all that only the ledger knows: kept
        records, tombstones, and rows whose new version cannot be sent. Else the last
        of these alone, where that changes anything.
        """
        cut, after = len(definition.collection) + 1, ""
        while rows := self._told_rows(after):
            after = rows[-1][0]
            put = []
            for key, told, row_hash in rows:
                payload = carried(told, definition)
                if payload != told:
                    self._changed[key] = payload
                if payload != told:
                    # The hash of the mart's row is no longer that of what is served.
                    put.append((key[cut:], payload, ""))
                elif self.job.plan.anew:
                    put.append((key[cut:], payload, row_hash))
            yield put

    def _told_rows(self, after: str) -> list[Row]:
        """The next rows of the ledger that this push does not put itself."""
        with self.open_ledger() as ledger:
            self._keep_lease(ledger)
            outbox = self._outbox(ledger)
            which = (
                "not in (select row_key from {} where problem is null "
                "and row_key is not null)"
                if self.job.plan.anew
                else "in (select row_key from {} where problem is not null)"
            )
            return ledger.connection.execute(
                f"""
                select row_key, row_json, row_hash from {ledger.sent}
                where
                    sync = ? and row_key > ? and contains(row_key, '{SLASH}')
                    and row_json is not null and row_key {which.format(outbox)}
                order by row_key limit {_REST}
                """,
                [self.job.plan.sync.name, after],
            ).fetchall()

    def _erase(self, collection: str) -> None:
        """Take who was erased out of the version before, too."""
        with self.open_ledger() as ledger:
            words = ledger.connection
            user = words.sha256(words.member("sent.row_json", "user_key"))
            rows = ledger.connection.execute(
                f"""
                select substr(outbox.row_key, ?)
                from {self._outbox(ledger)} as outbox
                inner join {ledger.sent} as sent
                    on sent.sync = ? and outbox.row_key = sent.row_key
                where
                    outbox.operation = 'records_delete'
                    and {user} in (select user_hash from {ledger.suppressed})
                """,
                [len(collection) + 2, self.job.plan.sync.name],
            ).fetchall()
        if rows:
            self.store.erase(collection, [key for (key,) in rows])

    def _keep_lease(self, ledger: Ledger) -> None:
        with ledger.transaction():
            leases.extend(ledger, self.lease)

    def _record(self) -> None:
        """The store has it: every row of every stage is accepted."""
        run_id, sync = self.job.run_id, self.job.plan.sync.name
        acks = [
            Ack(stage.first_seq, stage.last_seq, "accepted")
            for stage in self.job.plan.stages
        ]
        with self.open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, self.lease)
            ledger.reword(sync, self._changed)
            ledger.record(run_id, sync, acks)
            ledger.count_requests(run_id, sync, self.requests)


def _now() -> datetime:
    return datetime.now(UTC)
