"""The order of operations of a push: plan, guard, send, record.

The warehouse is open while a plan is frozen, and for moments between windows of
sending; never while this process waits on the network.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from . import erasure
from . import lease as leases
from .endpoint import is_local
from .errors import (
    AuthError,
    BrokenSync,
    ConfigError,
    GuardError,
    PermissionMissing,
    RunnerError,
)
from .fold import finish_run
from .guards import refusal
from .interrupts import Interrupts
from .ledger import Counts, Ledger, utcnow
from .manifest import Manifest, Sync
from .plan import Plan
from .planning import make_plan, without_broken
from .pump import Job, Progress
from .recovery import Recovery
from .result import Destination, PushResult, SyncResult
from .settings import Limits
from .stages import Gates, Stages
from .warehouse import Warehouse


def new_run_id() -> str:
    """A name for a run that sorts by time."""
    return f"{utcnow():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}".lower()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asks of a push, beside which syncs."""

    limit: int | None = None
    approved: str | None = None
    """The plan whose guards are lifted."""
    full_resync: bool = False
    command: str = "runner push"
    """How it was asked, for a message that says how to ask again."""


@dataclass(slots=True)
class Push:
    """One push in the making. `run` does everything."""

    warehouse: Warehouse
    manifest: Manifest
    limits: Limits
    destination: Destination
    recovery: Recovery
    """How to settle what a crash left; it knows where journals lie."""
    git_revision: str = ""
    confirm: Callable[[Plan], bool] | None = None
    """Asked with a plan that nothing holds on to: a person may take their time."""
    progress: Progress = lambda *_: None
    tell: Callable[[str], None] = lambda _text: None
    run_id: str = field(default_factory=new_run_id)
    broken: BrokenSync | None = None
    """The first sync whose view could not be read."""

    def run(self, syncs: Sequence[Sync], wish: Wish = Wish()) -> PushResult:
        """Send what is pending and record what became of it.

        Raises GuardError before anything is sent, LeaseError when another push is at
        work; faults during sending are in the result, beside what was delivered.
        """
        shown = None
        if self.confirm:
            plan = self._preview(syncs, wish)
            if not self.confirm(plan):
                msg = "Not confirmed; nothing was sent."
                raise GuardError(msg)
            shown = plan.plan_id
        lease, plan, held = self._freeze(syncs, wish, shown)
        gates = Gates(self.limits)
        results: list[SyncResult] = []
        failure: RunnerError | None = None
        final = False
        with Interrupts() as interrupts:
            for job in self._jobs(plan):
                if job.plan.sync.name in held:
                    results.append(_nothing(job))
                    continue
                skip = final or interrupts.signal is not None
                try:
                    result, problem = self._send(
                        lease, job, gates, interrupts, skip=skip
                    )
                except RunnerError as error:
                    # The warehouse or the lease: the next push settles this run.
                    result, problem, final = _nothing(job), error, True
                results.append(result)
                failure = failure or problem
                # A wrong key or endpoint is wrong for every sync; a bad batch is not.
                final = final or _is_final(problem)
        with suppress(RunnerError), self._open_ledger() as ledger:
            leases.release(ledger, lease)
        failure = failure or self.broken
        if held and failure is None:
            failure = GuardError(refusal(plan, held, wish.command, some_sent=True))
        return PushResult(
            self.run_id, plan.plan_id, tuple(results), failure, interrupts.signal
        )

    def _preview(self, syncs: Sequence[Sync], wish: Wish) -> Plan:
        """The plan as it stands, with everything undone that planning it took."""
        with self._open_ledger() as ledger:
            ledger.require()

            def preview(whole: Sequence[Sync]) -> Plan:
                ledger.connection.execute("begin")
                try:
                    return self._plan(ledger, whole, wish)
                finally:
                    ledger.connection.execute("rollback")

            return without_broken(syncs, preview, lambda _: None)

    def _freeze(
        self, syncs: Sequence[Sync], wish: Wish, shown: str | None
    ) -> tuple[leases.Lease, Plan, Collection[str]]:
        """Take the lease, settle what a crash left, and freeze the plan: one visit."""
        with self._open_ledger() as ledger:
            ledger.require()
            lease = self.recovery.acquire(ledger)
            try:
                plan, held = without_broken(
                    syncs,
                    lambda whole: self._start_all(ledger, whole, wish, shown),
                    self._set_aside,
                )
            except BaseException:
                leases.release(ledger, lease)
                raise
            _leave_unpacked(ledger)
        return lease, plan, held

    def _set_aside(self, error: BrokenSync) -> None:
        self.broken = self.broken or error
        self.tell(f"{error} The others go on.")

    def _start_all(
        self, ledger: Ledger, syncs: Sequence[Sync], wish: Wish, shown: str | None
    ) -> tuple[Plan, Collection[str]]:
        """Freeze a plan and record its runs, all or none."""
        with ledger.transaction():
            for sync in syncs:
                self._check_endpoint(ledger, sync, wish)
            plan = self._plan(ledger, syncs, wish)
            held = _held_back(plan, wish, shown)
            for job in self._jobs(plan):
                self._start(ledger, job, plan, held)
        return plan, held

    def _start(
        self, ledger: Ledger, job: Job, plan: Plan, held: Collection[str]
    ) -> None:
        """Record that a run begins; one that is held back ends in the same breath."""
        sync = job.plan.sync
        ledger.start_run(
            run_id=self.run_id,
            sync=sync.name,
            plan_id=plan.plan_id,
            revision=self.git_revision,
            planned=job.plan.planned,
            outbox=job.outbox,
            endpoint=self.destination.endpoint,
            columns=job.plan.columns,
            held=job.plan.held,
        )
        if sync.name in held:
            reasons = " ".join(guard.text for guard in job.plan.guards)
            ledger.end_run(self.run_id, sync.name, "held", reasons)
            ledger.connection.execute(f"drop table {ledger.outbox(job.outbox)}")
            return
        if sync.object == "deletions":
            erasure.suppress_planned(ledger, self.run_id, ledger.outbox(job.outbox))
        if job.plan.adopted:
            ledger.adopt(self.run_id, sync.name, job.outbox)
            self.tell(
                f"{sync.name}: first run: the ledger took {job.plan.adopted:,} rows of "
                "history without sending them (first_run: adopt)."
            )

    def _check_endpoint(self, ledger: Ledger, sync: Sync, wish: Wish) -> None:
        """A ledger is about one Braze; what another knows it cannot say."""
        last, now = ledger.last_endpoint(sync.name), self.destination.endpoint
        if last in {None, now} or (wish.full_resync and sync.can_repeat):
            return
        remedy = (
            "To send everything to this one: runner push --full-resync; to keep "
            "both, give each its own dbt target."
        )
        if not sync.can_repeat:
            remedy = "It is never sent twice, so give each Braze its own dbt target."
        # On one machine a test server comes back at another port.
        if is_local(str(last)) and is_local(now):
            self.tell(f"{sync.name}: the ledger is about {last}. {remedy}")
            return
        msg = (
            f"{sync.name}: the ledger is about {last}, not {now}. "
            f"Nothing was sent. {remedy}"
        )
        raise GuardError(msg)

    def _plan(self, ledger: Ledger, syncs: Sequence[Sync], wish: Wish) -> Plan:
        # An outbox is read once or twice and dropped: packing it is waste.
        ledger.connection.execute("set force_compression = 'uncompressed'")
        plan = make_plan(
            ledger,
            self.manifest,
            syncs,
            self.limits,
            outbox=lambda number: ledger.outbox(self._outbox(number)),
            limit=wish.limit,
            approved=wish.approved is not None,
            full_resync=wish.full_resync,
        )
        ledger.connection.execute("set force_compression = 'auto'")
        return plan

    def _send(
        self,
        lease: leases.Lease,
        job: Job,
        gates: Gates,
        interrupts: Interrupts,
        *,
        skip: bool,
    ) -> tuple[SyncResult, RunnerError | None]:
        """Deliver one sync and end its run, whatever came of it."""
        started = time.monotonic()
        stages = Stages(
            job,
            self.destination,
            self.limits,
            gates,
            lease,
            interrupts,
            self._visit_ledger,
            self.recovery.journals,
            self.progress,
            self.tell,
        )
        if not skip:
            stages.run()
        interrupted = interrupts.signal is not None
        sync = job.plan.sync
        with self._open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, lease)
            if sync.object == "deletions":
                erasure.settle_deletions(
                    ledger, self.run_id, sync.name, ledger.outbox(job.outbox)
                )
            counts = finish_run(
                ledger,
                run_id=self.run_id,
                sync=sync.name,
                outbox=job.outbox,
                outcome=_outcome(stages.failure, skipped=skip, interrupted=interrupted),
                message=str(stages.failure or ""),
            )
        stages.close()
        seconds = time.monotonic() - started
        result = SyncResult(
            sync.name, job.plan.planned, counts, stages.requests, seconds
        )
        return result, stages.failure

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


def _held_back(plan: Plan, wish: Wish, shown: str | None) -> Collection[str]:
    """The syncs that stay where they are.

    Raises GuardError for a stale approval, and when nothing else would be sent. What
    a full resync has forgotten of a sync that stays must not be: then nothing goes.
    """
    for expected in (wish.approved, shown):
        if expected is not None and expected != plan.plan_id:
            msg = (
                f"The plan is {plan.plan_id} now, not {expected}: the data changed, or "
                "the id is mistyped. Nothing was sent. Look at it again: runner plan"
            )
            raise GuardError(msg)
    held = plan.held_back(approved=wish.approved is not None)
    goes = [each for each in plan.syncs if each.planned and each.sync.name not in held]
    if held and (wish.full_resync or not goes):
        raise GuardError(refusal(plan, held, wish.command, some_sent=False))
    return held


def _nothing(job: Job) -> SyncResult:
    return SyncResult(job.plan.sync.name, job.plan.planned, Counts(), 0, 0.0)


def _is_final(problem: RunnerError | None) -> bool:
    if isinstance(problem, PermissionMissing):
        return False
    return isinstance(problem, AuthError | ConfigError)


def _outcome(failure: RunnerError | None, *, skipped: bool, interrupted: bool) -> str:
    if interrupted:
        return "interrupted"
    if skipped:
        return "skipped"
    return "failed" if failure else "completed"
