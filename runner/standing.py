"""Whether a collection in the store is what the ledger says: may a push go on from it?

A push changes what is there; on top of something else it would leave records of two
versions beside each other, and nobody would see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .errors import Adrift
from .ledger import Ledger
from .manifest import Relation, Sync

if TYPE_CHECKING:
    from .store import Held

SLASH = "/"
"""The key of a record is <collection>/<its key>; the collection's own has none."""


def collection_of(ledger: Ledger, sync: Sync, outbox: Relation | str) -> str | None:
    """The name of the collection that a sync fills, as the ledger or a plan has it."""
    told = told_collection(ledger, sync)
    if told:
        return told
    row = ledger.connection.execute(
        f"select scope from {outbox} where scope is not null limit 1"
    ).fetchone()
    return str(row[0]) if row else None


def told_collection(ledger: Ledger, sync: Sync) -> str | None:
    """The name of the collection that the ledger says a sync has filled."""
    row = ledger.connection.execute(
        f"select row_key from {ledger.sent} "
        f"where sync = ? and not contains(row_key, '{SLASH}') limit 1",
        [sync.name],
    ).fetchone()
    return str(row[0]) if row else None


def must_fill_anew(
    ledger: Ledger,
    sync: Sync,
    held: Mapping[str, Held],
    name: str | None,
    *,
    is_resync: bool,
) -> bool:
    """Whether the whole collection has to be written, not what changed of it.

    `held` is what the store has. Raises Adrift when the store has a version that the
    ledger does not go on from.
    """
    found = held.get(name or "")
    if is_resync or found is None:
        return True
    runs = _runs(ledger, sync)
    last = next((run for run, accepted in runs if accepted), None)
    if found.version.run_id == last:
        return False
    since_last = [run for run, _ in runs[: _place(runs, last)]]
    if found.version.run_id in since_last:
        # A push was cut off after the store had taken it, before the ledger had.
        return True
    raise Adrift(sync.name, _adrift(sync, str(name), found, known=last is not None))


def _runs(ledger: Ledger, sync: Sync) -> list[tuple[str, int]]:
    """(run, accepted rows) of the sync, the newest first."""
    return ledger.connection.execute(
        f"select run_id, accepted from {ledger.runs} where sync = ? "
        "order by started_at desc",
        [sync.name],
    ).fetchall()


def _place(runs: list[tuple[str, int]], wanted: str | None) -> int:
    return next((at for at, (run, _) in enumerate(runs) if run == wanted), len(runs))


def _adrift(sync: Sync, name: str, held: Held, *, known: bool) -> str:
    remedy = f"To fill it from the mart: runner push -s {sync.name} --full-resync"
    if held.is_rolled_back:
        return (
            f"{sync.name}: collection {name} was rolled back to its version of "
            f"{held.version.pushed_at:%Y-%m-%d %H:%M:%S} UTC and stays there. {remedy}"
        )
    if not known:
        return (
            f"{sync.name}: the store has a collection {name} that this ledger never "
            f"filled; another project may own it. {remedy}"
        )
    return (
        f"{sync.name}: the store's collection {name} is of run {held.version.run_id}, "
        f"which is not the last that this ledger knows. {remedy}"
    )
