"""How a push begins: the lease, the plan, what stands against it, and its runs.

Everything here is one visit to the warehouse, and all of it or nothing is recorded.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from . import erasure, waiting
from . import lease as leases
from .destinations import Destinations
from .endpoint import is_local
from .errors import BrokenSync, GuardError
from .guards import refusal
from .ledger import Ledger, utcnow
from .manifest import Manifest, Relation, Sync
from .plan import Plan
from .planning import make_plan, without_broken
from .pump import Job
from .recovery import Recovery
from .settings import Limits


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


@dataclass(frozen=True, slots=True)
class Started:
    """A push that may send: nobody else does, and its rows are frozen."""

    lease: leases.Lease
    plan: Plan
    held: Collection[str]
    """The syncs that a guard holds back."""
    jobs: tuple[Job, ...]
    broken: BrokenSync | None
    """The first sync whose view could not be read."""


@dataclass(slots=True)
class Start:
    """The beginning of one push."""

    manifest: Manifest
    limits: Limits
    to: Destinations
    recovery: Recovery
    """How to settle what a crash left; it knows where journals lie."""
    tell: Callable[[str], None] = lambda _text: None
    git_revision: str = ""
    run_id: str = field(default_factory=new_run_id)
    broken: BrokenSync | None = None

    def preview(self, ledger: Ledger, syncs: Sequence[Sync], wish: Wish) -> Plan:
        """The plan as it stands, with everything undone that planning it took."""
        ledger.require()

        def make(whole: Sequence[Sync]) -> Plan:
            room = self._room(ledger, whole, keep=False)
            with room, ledger.connection.undone():
                return self._plan(ledger, whole, wish, exact=True)

        return without_broken(syncs, make, lambda _: None)

    def freeze(
        self,
        ledger: Ledger,
        syncs: Sequence[Sync],
        wish: Wish,
        shown: str | None,
    ) -> Started:
        """Take the lease, settle what a crash left, and freeze the plan."""
        ledger.require()
        lease = self.recovery.acquire(ledger)
        try:
            plan, held = without_broken(
                syncs,
                lambda whole: self._start_all(ledger, lease, whole, wish, shown),
                self._set_aside,
            )
        except BaseException:
            leases.release(ledger, lease)
            raise
        return Started(lease, plan, held, tuple(self._jobs(plan)), self.broken)

    def _set_aside(self, error: BrokenSync) -> None:
        self.broken = self.broken or error
        self.tell(f"{error} The others go on.")

    def _start_all(
        self,
        ledger: Ledger,
        lease: leases.Lease,
        syncs: Sequence[Sync],
        wish: Wish,
        shown: str | None,
    ) -> tuple[Plan, Collection[str]]:
        """Freeze a plan and record its runs, all or none.

        However long that takes, nobody else has the lease meanwhile: while its row is
        changed here, another push waits to change it.
        """
        with self._room(ledger, syncs, keep=True), ledger.transaction():
            leases.extend(ledger, lease)
            last = ledger.last_endpoints()
            for sync in syncs:
                self._check_endpoint(sync, last.get(sync.name), wish)
            plan = self._plan(ledger, syncs, wish, exact=False)
            held = _held_back(plan, wish, shown)
            for job in self._jobs(plan):
                self._start(ledger, job, plan, held)
            leases.extend(ledger, lease)
        return plan, held

    def _start(
        self, ledger: Ledger, job: Job, plan: Plan, held: Collection[str]
    ) -> None:
        """Record that a run begins; one that delivers nothing ends in the same breath.

        Whether a guard holds it back, or there is nothing to deliver.
        """
        sync = job.plan.sync
        is_over = job.plan.is_idle and sync.name not in held
        ledger.start_run(
            run_id=self.run_id,
            sync=sync.name,
            plan_id=plan.plan_id,
            revision=self.git_revision,
            planned=job.plan.planned,
            outbox=job.outbox,
            endpoint=self.to.endpoint_of(sync),
            columns=job.plan.columns,
            held=job.plan.held,
            outcome="completed" if is_over else None,
        )
        if sync.name in held:
            reasons = " ".join(guard.text for guard in job.plan.guards)
            ledger.end_run(self.run_id, sync.name, "held", reasons)
            ledger.connection.drop(ledger.outbox(job.outbox))
            return
        if sync.object == "deletions":
            if job.plan.planned:
                erasure.suppress_planned(ledger, self.run_id, ledger.outbox(job.outbox))
            self._suppress_visitors(ledger, sync, self.manifest.visits)
        if job.plan.adopted:
            ledger.adopt(self.run_id, sync.name, job.outbox)
            self.tell(
                f"{sync.name}: first run: the ledger took {job.plan.adopted:,} "
                f"{'row' if job.plan.adopted == 1 else 'rows'} of history without "
                "sending them (first_run: adopt)."
            )
        if is_over:
            ledger.connection.drop(ledger.outbox(job.outbox))

    def _check_endpoint(self, sync: Sync, last: str | None, wish: Wish) -> None:
        """A ledger is about one endpoint, the last; what another knows it cannot say.

        A store can be asked: standing.py does.
        """
        if sync.is_collection:
            return
        now = self.to.endpoint_of(sync)
        if last in {None, now} or (wish.full_resync and sync.can_repeat):
            return
        remedy = (
            "To send everything to this one: runner push --full-resync; to keep "
            "both, give each its own dbt target."
        )
        if not sync.can_repeat:
            receiver = sync.operations[0].receiver
            remedy = f"It is never sent twice: give each {receiver} its own dbt target."
        # On one machine a test server comes back at another port.
        if is_local(str(last)) and is_local(now):
            self.tell(f"{sync.name}: the ledger is about {last}. {remedy}")
            return
        msg = (
            f"{sync.name}: the ledger is about {last}, not {now}. "
            f"Nothing was sent. {remedy}"
        )
        raise GuardError(msg)

    def _plan(
        self, ledger: Ledger, syncs: Sequence[Sync], wish: Wish, *, exact: bool
    ) -> Plan:
        # Whoever is erased may visit the shop again before it forgets them.
        for sync in syncs:
            if sync.destination == "movable_ink":
                self._suppress_visitors(ledger, sync, sync.marts)
        return make_plan(
            ledger,
            self.manifest,
            syncs,
            self.limits,
            outbox=lambda number: ledger.outbox(self._outbox(number)),
            limit=wish.limit,
            approved=wish.approved is not None,
            full_resync=wish.full_resync,
            exact=exact,
            held=self.to.held(),
        )

    def _room(
        self, ledger: Ledger, syncs: Sequence[Sync], *, keep: bool
    ) -> AbstractContextManager[None]:
        """Room for their outboxes, which are kept if all goes well."""
        outboxes = [ledger.outbox(self._outbox(at)) for at, _ in enumerate(syncs)]
        return ledger.connection.prepare(outboxes, keep=keep)

    def _suppress_visitors(
        self, ledger: Ledger, sync: Sync, told_by: Sequence[Relation]
    ) -> None:
        """Suppress what the erased did as visitors, for one of the syncs.

        Raises BrokenSync where it cannot be known: that sync stays, the others go.
        """
        with waiting.blaming_visits(sync):
            erasure.suppress_visitors(ledger, self.run_id, told_by)

    def _jobs(self, plan: Plan) -> list[Job]:
        return [
            Job(self.run_id, self._outbox(number), each)
            for number, each in enumerate(plan.syncs)
        ]

    def _outbox(self, number: int) -> str:
        return f"outbox_{self.run_id.replace('-', '_')}_{number}"


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
