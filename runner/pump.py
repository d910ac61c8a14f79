"""Feeds the lanes from a run's outbox and records what they acknowledge.

Opens the warehouse for moments: to read a window of rows, to record a window of
acknowledgements, and to keep the lease; never while the lanes are merely busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from . import lease as leases
from .batches import Batch, cut
from .delivery import Delivery
from .gate import Gate
from .interrupts import Interrupts
from .ledger import SEQ, Ack, Ledger, merged
from .plan import SyncPlan
from .settings import Limits

WINDOW_BYTES = 32_000_000
"""Payload bytes read from the outbox at a time; two windows are in memory at most."""

_GIANTS = 16

_POLL_SECONDS = 0.01

Progress = Callable[[SyncPlan, int, int, float], None]
"""Told of a plan, its accepted and rejected rows so far, and the seconds so far."""


@dataclass(frozen=True, slots=True)
class Job:
    """One sync of one run: what to send and where it lies."""

    run_id: str
    outbox: str
    plan: SyncPlan


class Pump:
    """Runs one job through one delivery; `run` returns the last acknowledgements."""

    def __init__(
        self,
        job: Job,
        delivery: Delivery,
        limits: Limits,
        *,
        open_ledger: Callable[[], AbstractContextManager[Ledger]],
        gate: Gate,
        lease: leases.Lease,
        interrupts: Interrupts,
        progress: Progress,
    ) -> None:
        self._job = job
        self._delivery = delivery
        self._limits = limits
        self._open_ledger = open_ledger
        self._gate = gate
        self._lease = lease
        self._interrupts = interrupts
        self._progress = progress
        average = job.plan.payload_bytes // max(job.plan.sendable, 1) + 1
        # A few giants may stand side by side.
        average = max(average, job.plan.largest_payload // _GIANTS)
        # Whole batches: a window that ends within one would cost a request.
        batches = max(2, WINDOW_BYTES // average // limits.objects_per_request)
        self._window = batches * limits.objects_per_request
        self._low = batches // 2
        self._next = 0

    def run(self) -> list[Ack]:
        """Send everything; return what was acknowledged and not recorded yet.

        The caller records that together with the end of the run.
        """
        delivery = self._delivery
        started = recorded = time.monotonic()
        closed = False
        while True:
            if not closed and (delivery.stopped or self._read_all):
                delivery.close()
                closed = True
            if closed and (delivery.finished() or self._interrupts.drained_too_long):
                return delivery.take()
            hungry = not self._read_all and delivery.waiting() < self._low
            due = time.monotonic() - recorded > self._limits.ack_seconds
            if (hungry and not closed) or due:
                self._visit(read=hungry and not closed)
                recorded = time.monotonic()
            else:
                delivery.wait(_POLL_SECONDS)
            tally = delivery.tally
            seconds = time.monotonic() - started
            self._progress(self._job.plan, tally.accepted, tally.rejected, seconds)

    @property
    def _read_all(self) -> bool:
        return self._next >= self._job.plan.planned

    def _visit(self, *, read: bool) -> None:
        """Open the warehouse once: keep the lease, record a window, read the next."""
        job, delivery = self._job, self._delivery
        with self._open_ledger() as ledger:
            acks = delivery.take()
            with ledger.transaction():
                leases.extend(ledger, self._lease)
                self._gate.trust_for(leases.TRUSTED_SECONDS)
                ledger.record(
                    job.run_id,
                    job.plan.sync.name,
                    merged(acks),
                    delivery.tally.requests,
                )
            batches = self._read(ledger) if read else []
        for batch in batches:
            delivery.offer(batch)

    def _read(self, ledger: Ledger) -> list[Batch]:
        """Return the batches of the next window, in the order of the outbox."""
        rows = ledger.connection.execute(
            f"""
            select {SEQ}, payload from {ledger.outbox(self._job.outbox)}
            where {SEQ} >= ? and {SEQ} < ? and problem is null
            order by {SEQ}
            """,
            [self._next, self._next + self._window],
        ).fetchall()
        self._next += self._window
        return list(cut(rows, self._limits))
