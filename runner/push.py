"""The order of operations of a push: plan, guard, send, record.

The warehouse is open while a plan is frozen, and for moments between windows of
sending; never while this process waits on the network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from . import erasure
from . import lease as leases
from .errors import (
    AuthError,
    ConfigError,
    GuardError,
    PermissionMissing,
    RunnerError,
)
from .fold import finish_run
from .guards import refusal
from .interrupts import Interrupts
from .ledger import Counts, Ledger
from .manifest import Sync
from .plan import Plan
from .publishing import Publishing
from .pump import Job, Progress
from .result import PushResult, SyncResult
from .stages import Gates, Stages
from .starting import Start, Wish
from .warehouse import Warehouse


@dataclass(slots=True)
class Push:
    """One push in the making. `run` does everything."""

    warehouse: Warehouse
    start: Start
    confirm: Callable[[Plan], bool] | None = None
    """Asked with a plan that nothing holds on to: a person may take their time."""
    progress: Progress = lambda *_: None
    built_at: Callable[[Sync], datetime | None] = lambda _: None
    """When dbt built what a sync sends, where that is known."""

    def run(self, syncs: Sequence[Sync], wish: Wish) -> PushResult:
        """Send what is pending and record what became of it.

        Raises GuardError before anything is sent, LeaseError when another push is at
        work; faults during sending are in the result, beside what was delivered.
        """
        shown = None
        if self.confirm:
            with self._open_ledger() as ledger:
                plan = self.start.preview(ledger, syncs, wish)
            if not self.confirm(plan):
                msg = "Not confirmed; nothing was sent."
                raise GuardError(msg)
            shown = plan.plan_id
        with self._visit_ledger() as ledger:
            started = self.start.freeze(ledger, syncs, wish, shown)
        gates = Gates(self.start.limits)
        results: list[SyncResult] = []
        failure: RunnerError | None = None
        final = False
        closed: set[str] = set()
        with Interrupts() as interrupts:
            for job in started.jobs:
                if job.plan.sync.name in started.held or job.plan.is_idle:
                    results.append(_nothing(job))
                    continue
                destination = job.plan.sync.destination
                skip = final or destination in closed
                skip = skip or interrupts.signal is not None
                try:
                    result, problem = self._send(
                        started.lease, job, gates, interrupts, skip=skip
                    )
                except RunnerError as error:
                    # The warehouse or the lease: the next push settles this run.
                    result, problem, final = _nothing(job), error, True
                results.append(result)
                failure = failure or problem
                # A wrong key or endpoint is wrong for every sync that goes there; a bad
                # batch is not.
                if _is_final(problem):
                    closed.add(destination)
        with suppress(RunnerError), self._open_ledger() as ledger:
            leases.release(ledger, started.lease)
        failure = failure or started.broken
        if started.held:
            text = refusal(started.plan, started.held, wish.command, some_sent=True)
            if failure:
                self.start.tell(text)
            failure = failure or GuardError(text)
        return PushResult(
            self.start.run_id,
            started.plan.plan_id,
            tuple(results),
            failure,
            interrupts.signal,
        )

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
        began = time.monotonic()
        stages = self._stages(lease, job, gates, interrupts)
        if not skip:
            stages.run()
        interrupted = interrupts.signal is not None
        sync = job.plan.sync
        with self._open_ledger() as ledger, ledger.transaction():
            leases.extend(ledger, lease)
            if sync.object == "deletions":
                erasure.settle_deletions(
                    ledger,
                    job.run_id,
                    sync.name,
                    ledger.outbox(job.outbox),
                    self.start.recovery.collections,
                )
            counts = finish_run(
                ledger,
                run_id=job.run_id,
                sync=sync.name,
                outbox=job.outbox,
                outcome=_outcome(stages.failure, skipped=skip, interrupted=interrupted),
                message=str(stages.failure or ""),
            )
        stages.close()
        seconds = time.monotonic() - began
        result = SyncResult(
            sync.name, job.plan.planned, counts, stages.requests, seconds
        )
        return result, stages.failure

    def _stages(
        self, lease: leases.Lease, job: Job, gates: Gates, interrupts: Interrupts
    ) -> Stages | Publishing:
        """What delivers this job to its destination."""
        to, sync = self.start.to, job.plan.sync
        if sync.is_collection:
            return Publishing(
                job,
                to.store,
                self.built_at(sync),
                lease,
                interrupts,
                self._visit_ledger,
                self.progress,
            )
        return Stages(
            job,
            to.of(sync),
            self.start.limits,
            gates,
            lease,
            interrupts,
            self._visit_ledger,
            self.start.recovery.journals,
            self.progress,
            self.start.tell,
        )

    @contextmanager
    def _open_ledger(self) -> Iterator[Ledger]:
        with self.warehouse.open() as connection:
            yield Ledger(connection, self.start.manifest.ledger)

    @contextmanager
    def _visit_ledger(self) -> Iterator[Ledger]:
        """Open the warehouse for a moment between two windows."""
        with self._open_ledger() as ledger:
            ledger.connection.leave_soon()
            yield ledger


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
