"""Plans the chosen syncs in the order of a push: what one touches, another awaits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import waiting
from .ledger import Ledger
from .manifest import Manifest, Relation, Sync
from .outbox import freeze
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

    What must not be sent twice has no full resync.
    """
    waiting.begin(ledger, manifest.syncs, limits)
    plans = [
        freeze(
            ledger,
            sync,
            outbox(number),
            limits,
            limit=limit,
            full_resync=full_resync and not (sync.once or sync.kind.is_identity),
        )
        for number, sync in enumerate(syncs)
    ]
    return Plan(tuple(plans))
