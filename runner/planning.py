"""Plans the chosen syncs in the order of a push: what one touches, another awaits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from . import standing, waiting
from .counting import count_rows
from .errors import BrokenSync
from .ledger import Ledger
from .manifest import Manifest, Relation, Sync
from .outbox import Frozen, copy_rows
from .plan import Plan, SyncPlan
from .settings import Limits

if TYPE_CHECKING:
    from .store import Held

Made = TypeVar("Made")


def make_plan(
    ledger: Ledger,
    manifest: Manifest,
    syncs: Sequence[Sync],
    limits: Limits,
    *,
    outbox: Callable[[int], Relation | str],
    limit: int | None = None,
    approved: bool = False,
    full_resync: bool = False,
    exact: bool = True,
    held: Mapping[str, Held] | None = None,
) -> Plan:
    """Freeze every sync into the outbox of its number and return the plan.

    Attributes are copied first: who is new to Braze makes others wait, and who is
    touched by the others waits in turn; deletions come next, for whom they erase waits
    everywhere. What must not be sent twice has no full resync.
    `held` is what the store has of each collection; without it the ledger is believed.
    """
    waiting.begin(ledger, manifest.syncs, limits)
    frozen: dict[int, Frozen] = {}
    anew: set[int] = set()
    found_by: dict[int, Held | None] = {}
    numbered = list(enumerate(syncs))
    for number, sync in sorted(numbered, key=lambda each: not _is_profile(each[1])):
        resync = full_resync and sync.can_repeat
        frozen[number] = copy_rows(
            ledger, sync, outbox(number), limits, full_resync=resync
        )
        if sync.is_collection and held is not None:
            name = standing.collection_of(ledger, sync, outbox(number))
            found = found_by[number] = held.get(name or "")
            if standing.must_fill_anew(
                ledger, sync, found, outbox(number), is_resync=resync
            ):
                anew.add(number)
        if number in anew and frozen[number].sent_rows and not resync:
            _refuse_sample(sync, limit, is_lost=found_by[number] is None)
            # A plan that is only looked at forgets nothing; it tells.
            if not isinstance(outbox(number), str):
                frozen[number] = copy_rows(
                    ledger, sync, outbox(number), limits, full_resync=True
                )
        if _is_profile(sync):
            waiting.note_new(ledger, outbox(number))
        elif sync.kind.is_identity and _goes(ledger, sync, approved=approved):
            waiting.note_touched(ledger, outbox(number))
        if sync.object == "deletions":
            waiting.note_erased(ledger, sync, outbox(number), manifest.visits)
    for number, sync in numbered:
        if _is_profile(sync):
            waiting.hold_touched(ledger, outbox(number))
    return Plan(
        tuple(
            _noted(
                count_rows(ledger, frozen[number], limits, limit=limit, exact=exact),
                anew=number in anew,
                found=found_by.get(number),
            )
            for number, _ in numbered
        )
    )


def without_broken(
    syncs: Sequence[Sync],
    make: Callable[[Sequence[Sync]], Made],
    tell: Callable[[BrokenSync], None],
) -> Made:
    """Do `make` with the syncs whose views can be read; `tell` of the others.

    Raises BrokenSync when none can be.
    """
    left = list(syncs)
    while True:
        try:
            return make(left)
        except BrokenSync as error:
            left = [sync for sync in left if sync.name != error.sync]
            if not left:
                raise
            tell(error)


def _noted(plan: SyncPlan, *, anew: bool, found: Held | None) -> SyncPlan:
    """The same, with what the store has to do with it."""
    if not anew:
        return replace(plan, found=found.version.run_id) if found else plan
    why = "is written anew" if found else "is not in the store"
    said = f"the collection {why}: a push writes all of its records."
    run = found.version.run_id if found else None
    return replace(plan, anew=True, found=run, said=(*plan.said, said))


def _refuse_sample(sync: Sync, limit: int | None, *, is_lost: bool) -> None:
    if limit is not None:
        why = "the store has lost it" if is_lost else "its definition has changed"
        msg = (
            f"{sync.name}: the collection has to be written whole, since {why}, and "
            "--limit would leave most of it away. Push it without."
        )
        raise BrokenSync(sync.name, msg)


def _goes(ledger: Ledger, sync: Sync, *, approved: bool) -> bool:
    """Whether identity changes will leave: those that stay make nobody wait.

    A merge stays until somebody approves it, and whatever failed last time may fail
    for want of a permission. Who is to be erased waits in any case.
    """
    if sync.object == "deletions":
        return True
    if sync.kind.is_irreversible and not approved:
        return False
    return ledger.last_outcome(sync.name) != "failed"


def _is_profile(sync: Sync) -> bool:
    """Whether its rows make profiles: attributes, but not increments of them."""
    return sync.object == "attributes" and not sync.once
