"""Plans, guards, sends and records: the order of operations of a push.

The warehouse is open while a plan is frozen, and for moments between windows of
sending; never while this process waits on the network.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from . import lease as leases
from .batches import Batch, cut
from .braze import Lane
from .delivery import Delivery
from .errors import AuthError, ConfigError, GuardError, RunnerError
from .gate import Gate
from .ledger import SEQ, Ack, Counts, Ledger, merged, utcnow
from .manifest import Manifest, Relation, Sync
from .plan import Plan, SyncPlan, freeze
from .settings import Limits
from .warehouse import Warehouse

WINDOW_BYTES = 32_000_000
"""Payload bytes read from the outbox at a time; two windows are in memory at most."""

DRAIN_SECONDS = 25.0
"""How long requests in flight may take to end after SIGTERM or SIGINT."""

_POLL_SECONDS = 0.02


def _new_run_id() -> str:
    return f"{utcnow():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}".lower()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the requests go."""

    endpoint: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of one sync's rows; `pending` ones go with the next push."""

    sync: str
    planned: int
    counts: Counts
    requests: int
    seconds: float

    @property
    def pending(self) -> int:
        """Planned rows that are in no other class."""
        counts = self.counts
        return self.planned - counts.accepted - counts.rejected - counts.unknown


@dataclass(frozen=True, slots=True)
class PushResult:
    """A whole push; `failure` says why it is not clean, if it is not."""

    run_id: str
    plan_id: str
    syncs: tuple[SyncResult, ...]
    failure: RunnerError | None = None
    signal: int | None = None


@dataclass(slots=True)
class Push:
    """One push in the making. `run` does everything."""

    warehouse: Warehouse
    manifest: Manifest
    limits: Limits
    destination: Destination
    git_revision: str = ""
    confirm: Callable[[Plan], bool] = lambda _plan: True
    progress: Callable[[SyncPlan, int, int, float], None] = lambda *_: None
    tell: Callable[[str], None] = lambda _text: None
    run_id: str = field(default_factory=_new_run_id)
    _signal: int | None = None
    _signalled_at: float | None = None
    _delivery: Delivery | None = None

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
        lease, plan = self._freeze(syncs, limit, approved, full_resync=full_resync)
        if not self.confirm(plan):
            self._abandon(lease, plan)
            msg = "Not confirmed; nothing was sent."
            raise GuardError(msg)
        gate = Gate(self.limits)
        results: list[SyncResult] = []
        failure: RunnerError | None = None
        with self._signals():
            for number, sync_plan in enumerate(plan.syncs):
                skip = _is_final(failure) or self._signal is not None
                result, problem = self._send(lease, sync_plan, number, gate, skip=skip)
                results.append(result)
                failure = failure or problem
        with self._ledger() as ledger:
            leases.release(ledger, lease)
        return PushResult(
            self.run_id, plan.plan_id, tuple(results), failure, self._signal
        )

    # -- before the first byte

    def _freeze(
        self,
        syncs: Sequence[Sync],
        limit: int | None,
        approved: str | None,
        *,
        full_resync: bool,
    ) -> tuple[leases.Lease, Plan]:
        with self._ledger() as ledger:
            connection = ledger.connection
            with _transaction(ledger):
                lease = leases.acquire(ledger)
                self._recover(ledger)
            try:
                with _transaction(ledger):
                    # An outbox is read once or twice and dropped: packing it is waste.
                    connection.execute("set force_compression = 'uncompressed'")
                    plans = []
                    for number, sync in enumerate(syncs):
                        if full_resync:
                            ledger.forget(sync.name)
                        outbox = ledger.outbox(self._outbox(number))
                        plans.append(
                            freeze(ledger, sync, outbox, self.limits, limit=limit)
                        )
                    plan = Plan(tuple(plans))
                    _check(plan, approved)
                    for number, sync_plan in enumerate(plan.syncs):
                        ledger.start_run(
                            run_id=self.run_id,
                            sync=sync_plan.sync.name,
                            plan_id=plan.plan_id,
                            revision=self.git_revision,
                            planned=sync_plan.planned,
                            outbox=self._outbox(number),
                        )
                    connection.execute("set force_compression = 'auto'")
            except BaseException:
                leases.release(ledger, lease)
                raise
        return lease, plan

    def _recover(self, ledger: Ledger) -> None:
        """Fold what a run that was cut off had acknowledged."""
        for run_id, sync, outbox in ledger.unfinished_runs():
            counts = ledger.finish_run(
                run_id=run_id, sync=sync, outbox=outbox, outcome="interrupted"
            )
            self.tell(
                f"{sync}: run {run_id} was cut off; its {counts.accepted:,} accepted "
                "rows are in the ledger now."
            )

    def _abandon(self, lease: leases.Lease, plan: Plan) -> None:
        with self._ledger() as ledger, _transaction(ledger):
            for number, sync_plan in enumerate(plan.syncs):
                ledger.connection.execute(
                    f"drop table {ledger.outbox(self._outbox(number))}"
                )
                ledger.connection.execute(
                    f"delete from {ledger.runs} where run_id = ? and sync = ?",
                    [self.run_id, sync_plan.sync.name],
                )
            leases.release(ledger, lease)

    # -- one sync

    def _send(
        self,
        lease: leases.Lease,
        plan: SyncPlan,
        number: int,
        gate: Gate,
        *,
        skip: bool,
    ) -> tuple[SyncResult, RunnerError | None]:
        started = time.monotonic()
        requests = 0
        failure: RunnerError | None = None
        acks: list[Ack] = []
        if plan.requests and not skip:
            delivery = self._open_lanes(plan, gate)
            self._delivery = delivery
            try:
                acks = self._pump(delivery, lease, plan, number)
            except BaseException:
                delivery.stop()
                delivery.join(DRAIN_SECONDS)
                raise
            failure, requests = delivery.failure, delivery.tally.requests
        outcome = _outcome(failure, skipped=skip, interrupted=self._signal is not None)
        with self._ledger() as ledger, _transaction(ledger):
            leases.extend(ledger, lease)
            ledger.record(self.run_id, plan.sync.name, merged(acks), requests)
            counts = ledger.finish_run(
                run_id=self.run_id,
                sync=plan.sync.name,
                outbox=self._outbox(number),
                outcome=outcome,
                message=str(failure or ""),
            )
        seconds = time.monotonic() - started
        return SyncResult(
            plan.sync.name, plan.planned, counts, requests, seconds
        ), failure

    def _open_lanes(self, plan: SyncPlan, gate: Gate) -> Delivery:
        destination = self.destination
        return Delivery(
            lambda: Lane(destination.endpoint, destination.key, self.limits),
            gate,
            self.limits,
            lanes=min(self.limits.in_flight, plan.requests),
        )

    def _pump(
        self, delivery: Delivery, lease: leases.Lease, plan: SyncPlan, number: int
    ) -> list[Ack]:
        """Feed the lanes from the outbox and record what they acknowledge.

        Returns the acknowledgements of the last window, which the caller records
        together with the end of the run.
        """
        rows = Reader(self._outbox(number), plan, self.limits)
        started = recorded = time.monotonic()
        closed = False
        while True:
            if delivery.stopped or (rows.done and not closed):
                delivery.close()
                closed = True
            if closed and (delivery.finished() or self._drained_too_long()):
                return delivery.take()
            due = time.monotonic() - recorded > self.limits.ack_seconds
            hungry = not rows.done and delivery.waiting() < rows.window_batches // 2
            if not closed and (hungry or due):
                acks = delivery.take()
                batches = self._visit(lease, plan, acks, delivery, rows, read=hungry)
                for batch in batches:
                    delivery.offer(batch)
                recorded = time.monotonic()
            else:
                time.sleep(_POLL_SECONDS)
            tally = delivery.tally
            self.progress(
                plan, tally.accepted, tally.rejected, time.monotonic() - started
            )

    def _visit(
        self,
        lease: leases.Lease,
        plan: SyncPlan,
        acks: Sequence[Ack],
        delivery: Delivery,
        rows: Reader,
        *,
        read: bool,
    ) -> list[Batch]:
        """Open the warehouse once: keep the lease, record a window, read the next."""
        with self._ledger() as ledger:
            with _transaction(ledger):
                leases.extend(ledger, lease)
                ledger.record(
                    self.run_id, plan.sync.name, merged(acks), delivery.tally.requests
                )
            return rows.read(ledger) if read else []

    def _drained_too_long(self) -> bool:
        since = self._signalled_at
        return since is not None and time.monotonic() - since > DRAIN_SECONDS

    # -- around it

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        with self.warehouse.open() as connection:
            yield Ledger(connection, self.manifest.ledger)

    def _outbox(self, number: int) -> str:
        return f"outbox_{self.run_id.replace('-', '_')}_{number}"

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT let what is in flight end; a second one ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(number: int, _frame: FrameType | None) -> None:
            if self._signal is not None:
                os._exit(128 + number)
            self._signal, self._signalled_at = number, time.monotonic()
            if self._delivery:
                self._delivery.stop()

        before = {
            number: signal.signal(number, on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Reader:
    """Reads a run's outbox window by window, in the order of its numbers."""

    def __init__(self, outbox: str, plan: SyncPlan, limits: Limits) -> None:
        self._outbox = outbox
        self._limits = limits
        self._next = 0
        self._end = plan.planned
        average = plan.payload_bytes // max(plan.sendable, 1) + 1
        self._window = max(limits.objects_per_request, WINDOW_BYTES // average)
        self.window_batches = max(2, self._window // limits.objects_per_request)

    @property
    def done(self) -> bool:
        """Whether every row was read."""
        return self._next >= self._end

    def read(self, ledger: Ledger) -> list[Batch]:
        """Return the batches of the next window."""
        table: Relation = ledger.outbox(self._outbox)
        rows = ledger.connection.execute(
            f"select {SEQ}, payload from {table} where {SEQ} >= ? and {SEQ} < ? "
            f"and problem is null order by {SEQ}",
            [self._next, self._next + self._window],
        ).fetchall()
        self._next += self._window
        return list(cut(rows, self._limits))


def revision(directory: Path) -> str:
    """The git revision of the project, or nothing where there is none."""
    try:
        found = subprocess.run(
            ["git", "-C", str(directory), "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


@contextmanager
def _transaction(ledger: Ledger) -> Iterator[None]:
    ledger.connection.execute("begin")
    try:
        yield
    except BaseException:
        ledger.connection.execute("rollback")
        raise
    ledger.connection.execute("commit")


def _check(plan: Plan, approved: str | None) -> None:
    """Raise GuardError for what no approval can lift, and for a stale approval."""
    if any(not guard.approvable for guard in plan.guards):
        raise GuardError(_refusal(plan))
    if approved is not None and approved != plan.plan_id:
        msg = (
            f"The plan is {plan.plan_id} now, not {approved}: the data changed. "
            "Nothing was sent. Look at it again: runner plan"
        )
        raise GuardError(msg)
    if plan.guards and approved is None:
        raise GuardError(_refusal(plan))


def _refusal(plan: Plan) -> str:
    lines = [f"{guard.sync}: {guard.text}" for guard in plan.guards]
    if all(guard.approvable for guard in plan.guards):
        lines.append(
            f"Nothing was sent. If this is meant: runner push --approve {plan.plan_id}"
        )
    else:
        lines.append("Nothing was sent.")
    return "\n".join(lines)


def _is_final(failure: RunnerError | None) -> bool:
    """A wrong key or endpoint is wrong for every sync; a bad batch is not."""
    return isinstance(failure, AuthError | ConfigError)


def _outcome(failure: RunnerError | None, *, skipped: bool, interrupted: bool) -> str:
    if interrupted:
        return "interrupted"
    if skipped:
        return "skipped"
    return "failed" if failure else "completed"
