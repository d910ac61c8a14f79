"""The order of operations of a push: plan, guard, send, record.

The warehouse is open while a plan is frozen, and for moments between windows of
sending; never while this process waits on the network.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import lease as leases
from .braze import Lane
from .delivery import Delivery
from .endpoint import is_local
from .errors import AuthError, ConfigError, GuardError, RunnerError
from .fold import finish_run
from .gate import Gate
from .guards import refusal
from .interrupts import DRAIN_SECONDS, Interrupts
from .ledger import Ack, Ledger, merged, utcnow
from .manifest import Manifest, Sync
from .plan import Plan, SyncPlan, freeze
from .pump import Job, Progress, Pump
from .result import Destination, PushResult, SyncResult
from .settings import Limits
from .warehouse import Warehouse


def _new_run_id() -> str:
    return f"{utcnow():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}".lower()


@dataclass(slots=True)
class Push:
    """One push in the making. `run` does everything."""

    warehouse: Warehouse
    manifest: Manifest
    limits: Limits
    destination: Destination
    git_revision: str = ""
    confirm: Callable[[Plan], bool] | None = None
    """Asked with a plan that nothing holds on to: a person may take their time."""
    progress: Progress = lambda *_: None
    tell: Callable[[str], None] = lambda _text: None
    run_id: str = field(default_factory=_new_run_id)

    def run(
        self,
        syncs: Sequence[Sync],
        *,
        limit: int | None = None,
        approved: str | None = None,
        full_resync: bool = False,
    ) -> PushResult:
        """Send what is pending and record what became of it.

        Raises GuardError before anything is sent, LeaseError when another push is at
        work; faults during sending are in the result, beside what was delivered.
        """
        if self.confirm:
            shown = self._preview(syncs, limit, full_resync=full_resync)
            if not self.confirm(shown):
                msg = "Not confirmed; nothing was sent."
                raise GuardError(msg)
            approved = approved or (None if shown.guards else shown.plan_id)
        lease, plan = self._freeze(syncs, limit, approved, full_resync=full_resync)
        gate = Gate(self.limits)
        gate.trust_for(leases.TRUSTED_SECONDS)
        results: list[SyncResult] = []
        failure: RunnerError | None = None
        final = False
        with Interrupts() as interrupts:
            for job in self._jobs(plan):
                skip = final or interrupts.signal is not None
                result, problem = self._send(lease, job, gate, interrupts, skip=skip)
                results.append(result)
                failure = failure or problem
                # A wrong key or endpoint is wrong for every sync; a bad batch is not.
                final = final or isinstance(problem, AuthError | ConfigError)
        with self._open_ledger() as ledger:
            leases.release(ledger, lease)
        return PushResult(
            self.run_id, plan.plan_id, tuple(results), failure, interrupts.signal
        )

    def _preview(
        self, syncs: Sequence[Sync], limit: int | None, *, full_resync: bool
    ) -> Plan:
        """The plan as it stands, with everything undone that planning it took."""
        with self._open_ledger() as ledger:
            ledger.require()
            ledger.connection.execute("begin")
            try:
                return self._plan(ledger, syncs, limit, full_resync=full_resync)
            finally:
                ledger.connection.execute("rollback")

    def _freeze(
        self,
        syncs: Sequence[Sync],
        limit: int | None,
        approved: str | None,
        *,
        full_resync: bool,
    ) -> tuple[leases.Lease, Plan]:
        """Take the lease, settle what a crash left, and freeze the plan: one visit."""
        with self._open_ledger() as ledger:
            ledger.require()
            with ledger.transaction():
                lease = leases.acquire(ledger)
                self._recover(ledger)
            try:
                with ledger.transaction():
                    if not full_resync:
                        self._check_endpoint(ledger, syncs)
                    plan = self._plan(ledger, syncs, limit, full_resync=full_resync)
                    _check(plan, approved)
                    for job in self._jobs(plan):
                        ledger.start_run(
                            run_id=self.run_id,
                            sync=job.plan.sync.name,
                            plan_id=plan.plan_id,
                            revision=self.git_revision,
                            planned=job.plan.planned,
                            outbox=job.outbox,
                            endpoint=self.destination.endpoint,
                        )
            except BaseException:
                leases.release(ledger, lease)
                raise
            _leave_unpacked(ledger)
        return lease, plan

    def _check_endpoint(self, ledger: Ledger, syncs: Sequence[Sync]) -> None:
        """A ledger is about one Braze; what another knows it cannot say."""
        for sync in syncs:
            last, now = ledger.last_endpoint(sync.name), self.destination.endpoint
            if last in {None, now}:
                continue
            remedy = (
                "To send everything to this one: runner push --full-resync; to keep "
                "both, give each its own dbt target."
            )
            # On one machine a test server comes back at another port.
            if is_local(str(last)) and is_local(now):
                self.tell(f"{sync.name}: the ledger is about {last}. {remedy}")
                continue
            msg = (
                f"{sync.name}: the ledger is about {last}, not {now}. "
                f"Nothing was sent. {remedy}"
            )
            raise GuardError(msg)

    def _plan(
        self,
        ledger: Ledger,
        syncs: Sequence[Sync],
        limit: int | None,
        *,
        full_resync: bool,
    ) -> Plan:
        # An outbox is read once or twice and dropped: packing it is waste.
        ledger.connection.execute("set force_compression = 'uncompressed'")
        plans = [
            freeze(
                ledger,
                sync,
                ledger.outbox(self._outbox(number)),
                self.limits,
                limit=limit,
                full_resync=full_resync,
            )
            for number, sync in enumerate(syncs)
        ]
        ledger.connection.execute("set force_compression = 'auto'")
        return Plan(tuple(plans))

    def _recover(self, ledger: Ledger) -> None:
        """Fold what a run that was cut off had acknowledged."""
        for run_id, sync, outbox in ledger.unfinished_runs():
            if not ledger.has(outbox):
                ledger.give_up_run(run_id, sync)
                self.tell(f"{sync}: run {run_id} was cut off and left no outbox.")
                continue
            counts = finish_run(
                ledger, run_id=run_id, sync=sync, outbox=outbox, outcome="interrupted"
            )
            self.tell(
                f"{sync}: run {run_id} was cut off; its {counts.accepted:,} accepted "
                "rows are in the ledger now."
            )

    def _send(
        self,
        lease: leases.Lease,
        job: Job,
        gate: Gate,
        interrupts: Interrupts,
        *,
        skip: bool,
    ) -> tuple[SyncResult, RunnerError | None]:
        """Deliver one sync and end its run, whatever came of it."""
        started = time.monotonic()
        acks: list[Ack] = []
        requests = 0
        failure: RunnerError | None = None
        if job.plan.requests and not skip:
            delivery = self._new_delivery(job.plan, gate)
            interrupts.on_signal = delivery.stop
            if interrupts.signal is not None:
                delivery.stop()
            try:
                acks = Pump(
                    job,
                    delivery,
                    self.limits,
                    open_ledger=self._visit_ledger,
                    lease=lease,
                    interrupts=interrupts,
                    progress=self.progress,
                    gate=gate,
                ).run()
            except BaseException:
                delivery.stop()
                delivery.join(DRAIN_SECONDS)
                raise
            failure, requests = delivery.failure, delivery.tally.requests
        interrupted = interrupts.signal is not None
        sync = job.plan.sync.name
        with self._open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, lease)
            ledger.record(self.run_id, sync, merged(acks), requests)
            counts = finish_run(
                ledger,
                run_id=self.run_id,
                sync=sync,
                outbox=job.outbox,
                outcome=_outcome(failure, skipped=skip, interrupted=interrupted),
                message=str(failure or ""),
            )
        seconds = time.monotonic() - started
        return SyncResult(sync, job.plan.planned, counts, requests, seconds), failure

    def _new_delivery(self, plan: SyncPlan, gate: Gate) -> Delivery:
        to = self.destination
        return Delivery(
            lambda: Lane(to.endpoint, to.key, self.limits),
            gate,
            self.limits,
            lanes=min(self.limits.in_flight, plan.requests),
        )

    def _jobs(self, plan: Plan) -> list[Job]:
        return [
            Job(self.run_id, self._outbox(number), each)
            for number, each in enumerate(plan.syncs)
        ]

    def _outbox(self, number: int) -> str:
        return f"outbox_{self.run_id.replace('-', '_')}_{number}"

    @contextmanager
    def _open_ledger(self) -> Iterator[Ledger]:
        with self.warehouse.open() as connection:
            yield Ledger(connection, self.manifest.ledger)

    @contextmanager
    def _visit_ledger(self) -> Iterator[Ledger]:
        """Open the warehouse for a moment between two windows."""
        with self._open_ledger() as ledger:
            _leave_unpacked(ledger)
            yield ledger


def _leave_unpacked(ledger: Ledger) -> None:
    """Close the file without packing it: an outbox would be packed to be dropped."""
    ledger.connection.execute("pragma disable_checkpoint_on_shutdown")


def _check(plan: Plan, approved: str | None) -> None:
    """Raise GuardError for what no approval can lift, and for a stale approval."""
    if any(not guard.approvable for guard in plan.guards):
        raise GuardError(refusal(plan.plan_id, plan.guards))
    if approved is not None and approved != plan.plan_id:
        msg = (
            f"The plan is {plan.plan_id} now, not {approved}: the data changed, or the "
            "id is mistyped. Nothing was sent. Look at it again: runner plan"
        )
        raise GuardError(msg)
    if plan.guards and approved is None:
        raise GuardError(refusal(plan.plan_id, plan.guards))


def _outcome(failure: RunnerError | None, *, skipped: bool, interrupted: bool) -> str:
    if interrupted:
        return "interrupted"
    if skipped:
        return "skipped"
    return "failed" if failure else "completed"
