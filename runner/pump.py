"""Feeds the lanes from a run's outbox and records what they acknowledge.

Opens the warehouse for moments: to read a window of rows, to claim what may leave but
once, to record a window of acknowledgements, and to keep the lease; never while the
lanes are merely busy.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from . import lease as leases
from .batches import Chain, Cutter
from .delivery import Delivery
from .gate import Gate
from .interrupts import Interrupts
from .ledger import Ack, Ledger, merged
from .plan import Stage, SyncPlan
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
    """Runs one stage of a job through one delivery."""

    def __init__(
        self,
        job: Job,
        stage: Stage,
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
        self._stage = stage
        self._delivery = delivery
        self._limits = limits
        self._open_ledger = open_ledger
        self._gate = gate
        self._lease = lease
        self._interrupts = interrupts
        self._progress = progress
        self._cutter = Cutter(stage.operation, limits)
        self._chains: deque[Chain] = deque()
        rows_per_request = getattr(limits, stage.operation.most)
        average = stage.payload_bytes // max(stage.sendable, 1) + 1
        # A few giants may stand side by side.
        average = max(average, stage.largest_payload // _GIANTS)
        # Whole batches: a window that ends within one would cost a request.
        batches = max(2, WINDOW_BYTES // average // rows_per_request)
        self._window = batches * rows_per_request
        self._low = max(batches // 2, 1)
        self._next = stage.first_seq
        self._counted = 0

    def run(self) -> list[Ack]:
        """Send everything; return what was acknowledged and not recorded yet."""
        delivery = self._delivery
        started = recorded = time.monotonic()
        closed = False
        while True:
            self._offer()
            if not closed and (delivery.stopped or self._offered_all):
                delivery.close()
                closed = True
            if closed and (delivery.finished() or self._interrupts.drained_too_long):
                return delivery.end()
            hungry = (
                not closed
                and not self._read_all
                and len(self._chains) + delivery.waiting() < self._low
            )
            due = time.monotonic() - recorded > self._limits.ack_seconds
            if hungry or due:
                self._visit(read=hungry)
                recorded = time.monotonic()
            else:
                delivery.wait(_POLL_SECONDS)
            tally = delivery.tally
            seconds = time.monotonic() - started
            self._progress(self._job.plan, tally.accepted, tally.rejected, seconds)

    @property
    def _read_all(self) -> bool:
        return self._next > self._stage.last_seq

    @property
    def _offered_all(self) -> bool:
        return self._read_all and not self._chains

    def _offer(self) -> None:
        """Hand over what may leave: a user who goes on waits for the chain before."""
        while self._chains:
            if self._chains[0].follows and not self._delivery.idle():
                return
            self._delivery.offer(self._chains.popleft())

    def _visit(self, *, read: bool) -> None:
        """Open the warehouse once: keep the lease, record a window, read the next."""
        job, delivery = self._job, self._delivery
        with self._open_ledger() as ledger:
            acks = delivery.take()
            chains = self._read(ledger) if read else []
            asked = time.monotonic()
            with ledger.transaction():
                leases.extend(ledger, self._lease)
                ledger.record(job.run_id, job.plan.sync.name, merged(acks))
                ledger.count_requests(
                    job.run_id, job.plan.sync.name, self.count_requests()
                )
                if job.plan.sync.once:
                    ledger.record(job.run_id, job.plan.sync.name, _claims(chains))
            # Only now does anybody else see that it is held, and since it was asked.
            passed = time.monotonic() - asked
            self._gate.trust_for(leases.TRUSTED_SECONDS - passed)
        self._chains += chains

    def count_requests(self) -> int:
        """The requests since the last visit."""
        before, self._counted = self._counted, self._delivery.tally.requests
        return self._counted - before

    def _read(self, ledger: Ledger) -> list[Chain]:
        """Return the chains of the next window, in the order of the outbox."""
        end = min(self._next + self._window, self._stage.last_seq + 1)
        connection, seq = ledger.connection, ledger.connection.seq
        rows = connection.execute(
            f"""
            select {seq}, payload, {self._stage.lanes}
            from {ledger.outbox(self._job.outbox)}
            where {seq} >= ? and {seq} < ? and problem is null and aside is null
            order by {seq}
            """,
            [self._next, end],
        ).fetchall()
        self._next = end
        chains = self._cutter.feed(rows)
        return chains + (self._cutter.finish() if self._read_all else [])


def _claims(chains: list[Chain]) -> list[Ack]:
    """One claim a chain: committed before the first byte of it can leave."""
    return merged(
        [
            Ack(chain.batches[0].seqs[0], chain.batches[-1].seqs[-1], "claimed")
            for chain in chains
        ]
    )
