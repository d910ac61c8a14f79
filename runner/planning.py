"""Plans the chosen syncs in the order of a push: what one touches, another awaits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import waiting
from .ledger import Ledger
from .manifest import Manifest, Relation, Sync
from .outbox import Frozen, copy_rows, count_rows
from .plan import Plan
from .settings import Limits


def make_plan(
    ledger: Ledger,
    manifest: Manifest,
    syncs: Sequence[Sync],
    limits: Limits,
    *,
    outbox: Callable[[int], Relation | str],
    limit: int | None = None,
    full_resync: bool = False,
) -> Plan:
    """Freeze every sync into the outbox of its number and return the plan.

    Attributes are copied first: who is new to Braze makes others wait, and who is
    touched by the others waits in turn. What must not be sent twice has no full resync.
    """
    waiting.begin(ledger, manifest.syncs, limits)
    frozen: dict[int, Frozen] = {}
    numbered = list(enumerate(syncs))
    for number, sync in sorted(numbered, key=lambda each: not _is_profile(each[1])):
        repeats = not (sync.once or sync.kind.is_identity)
        frozen[number] = copy_rows(
            ledger, sync, outbox(number), limits, full_resync=full_resync and repeats
        )
        if _is_profile(sync):
            waiting.note_new(ledger, outbox(number))
        elif sync.kind.is_identity:
            waiting.note_touched(ledger, outbox(number))
    for number, sync in numbered:
        if _is_profile(sync):
            waiting.hold_touched(ledger, outbox(number))
    return Plan(
        tuple(
            count_rows(ledger, frozen[number], limits, limit=limit)
            for number, _ in numbered
        )
    )


def _is_profile(sync: Sync) -> bool:
    """Whether its rows make profiles: attributes, but not increments of them."""
    return sync.object == "attributes" and not sync.once
