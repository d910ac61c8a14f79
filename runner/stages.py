"""Delivers the stages of one sync, one after the other: a catalog before its items."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from . import lease as leases
from .braze import Lane
from .catalogs import SAMPLE, CatalogLane, read_back
from .delivery import Delivery, Work
from .errors import DeliveryError, RunnerError
from .gate import Gate
from .interrupts import DRAIN_SECONDS, Interrupts
from .journal import Journal
from .ledger import Ack, Ledger, merged
from .operations import Pool
from .plan import Stage
from .pump import Job, Progress, Pump
from .result import Destination
from .settings import Limits


@dataclass(slots=True)
class Gates:
    """One gate for each pool of requests that share a rate limit."""

    limits: Limits
    _gates: dict[Pool, Gate] = field(default_factory=dict)

    def of(self, pool: Pool) -> Gate:
        """The gate that every request of this pool passes."""
        if pool not in self._gates:
            self._gates[pool] = Gate(*self.limits.rate(pool))
        return self._gates[pool]


@dataclass(slots=True)
class Stages:
    """The delivery of one job; `run` goes through its stages."""

    job: Job
    destination: Destination
    limits: Limits
    gates: Gates
    lease: leases.Lease
    interrupts: Interrupts
    open_ledger: Callable[[], AbstractContextManager[Ledger]]
    journals: Path
    progress: Progress
    tell: Callable[[str], None]
    requests: int = 0
    failure: RunnerError | None = None
    journal: Journal | None = None

    def run(self) -> None:
        """Send every stage, until one fails that the others need."""
        for stage in self.job.plan.stages:
            if self.interrupts.signal is not None or self._is_final:
                return
            if stage.requests:
                self._send(stage)
            if stage.operation.is_definition:
                self._hold(stage)

    def _hold(self, stage: Stage) -> None:
        """What was not defined receives nothing; the others do."""
        run_id, sync = self.job.run_id, self.job.plan.sync.name
        with self.open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, self.lease)
            scopes = ledger.hold_not_accepted(
                run_id, sync, self.job.outbox, (stage.first_seq, stage.last_seq)
            )
        if not scopes:
            return
        name = stage.operation.name
        if stage.operation.is_bare:
            # Its scopes are people.
            self.tell(
                f"{sync}: {len(scopes):,} {name} not accepted, so the events of "
                "these pairs wait. See: runner rejected, runner unknown"
            )
            return
        self.tell(
            f"{sync}: {name} {', '.join(sorted(scopes))} was not made or changed, so "
            "the rest waits. See: runner rejected"
        )

    @property
    def _is_final(self) -> bool:
        """Whether the failure so far ends more than the batch that it befell."""
        return self.failure is not None and not isinstance(self.failure, DeliveryError)

    def close(self) -> None:
        """The ledger has it all: the journal is not needed any more."""
        if self.journal:
            self.journal.close()

    def _send(self, stage: Stage) -> None:
        """Deliver one stage and record what became of it."""
        job, gate = self.job, self.gates.of(stage.operation.pool)
        gate.trust_for(leases.TRUSTED_SECONDS)
        if job.plan.sync.once and self.journal is None:
            self.journal = Journal(self.journals / f"{job.outbox}.jsonl")
        delivery = self._new_delivery(stage, gate)
        self.interrupts.on_signal = delivery.stop
        if self.interrupts.signal is not None:
            delivery.stop()
        pump = Pump(
            job,
            stage,
            delivery,
            self.limits,
            open_ledger=self.open_ledger,
            lease=self.lease,
            interrupts=self.interrupts,
            progress=self.progress,
            gate=gate,
        )
        try:
            acks = pump.run()
        except BaseException:
            delivery.stop()
            delivery.join(DRAIN_SECONDS)
            raise
        self.requests += delivery.tally.requests
        self.failure = self.failure or delivery.failure
        self._record(acks, pump.count_requests())
        if stage.operation.name == "items" and not delivery.failure:
            self._read_back(stage)

    def _new_delivery(self, stage: Stage, gate: Gate) -> Delivery:
        operation, credentials = stage.operation, self.destination.credentials
        lane = CatalogLane if operation.name == "catalog" else Lane
        key = "" if operation.is_partner else credentials.key
        call = functools.cache(lambda scope: operation.call(scope, credentials))
        return Delivery(
            lambda: lane(self.destination.endpoint, key, self.limits, operation.scheme),
            Work(operation, call, self.journal),
            gate,
            self.limits,
            lanes=min(self.limits.lanes(operation.pool), stage.requests),
        )

    def _record(self, acks: list[Ack], requests: int) -> None:
        run_id, sync = self.job.run_id, self.job.plan.sync.name
        with self.open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, self.lease)
            ledger.record(run_id, sync, merged(acks))
            ledger.count_requests(run_id, sync, requests)

    def _read_back(self, stage: Stage) -> None:
        """Look at a sample of the items: what is not there was not applied."""
        run_id, sync = self.job.run_id, self.job.plan.sync.name
        with self.open_ledger() as ledger:
            # Of those that Braze took: what it refused is not there, and need not be.
            seq = ledger.connection.seq
            sample = ledger.connection.execute(
                f"""
                select outbox.scope, outbox.payload
                from {ledger.outbox(self.job.outbox)} as outbox
                inner join {ledger.acks} as acks
                    on outbox.{seq} between acks.first_seq and acks.last_seq
                where
                    acks.run_id = ? and acks.sync = ? and acks.outcome = 'accepted'
                    and outbox.{seq} between ? and ? and outbox.problem is null
                order by random()
                limit {SAMPLE}
                """,
                [run_id, sync, stage.first_seq, stage.last_seq],
            ).fetchall()
        lane = Lane(
            self.destination.endpoint, self.destination.credentials.key, self.limits
        )
        found = [
            read_back(
                lane,
                scope,
                [payload for of, payload in sample if of == scope],
                self.limits,
                self._keep,
            )
            for scope in sorted({scope for scope, _ in sample})
        ]
        lane.close()
        if self.interrupts.signal is not None:
            return
        different = [item for each in found for item in each.different]
        if different:
            self.tell(
                f"{sync}: Braze shows {', '.join(different)} otherwise than sent; they "
                "count as accepted. Look at the catalog in Braze."
            )
        missing = [item for each in found for item in each.missing]
        if not missing:
            return
        with self.open_ledger() as ledger, ledger.transaction():
            ledger.discard_acks(run_id, sync, stage.first_seq, stage.last_seq)
        self.failure = DeliveryError(
            f"{sync}: Braze took the items but does not show {', '.join(missing)} "
            f"({len(missing)} of {len(sample)} looked at). All of them stay pending; "
            "run push again."
        )

    def _keep(self) -> bool:
        """Keep the lease while reading back; False when the push is to end."""
        with self.open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, self.lease)
        return self.interrupts.signal is None
