"""Whether a collection in the store is what the ledger says: may a push go on from it?

A push changes what is there; on top of something else it would leave records of two
versions beside each other, and nobody would see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import Adrift
from .ledger import Ledger
from .manifest import Relation, Sync

if TYPE_CHECKING:
    from .store import Held

TOMBSTONE = '{"tombstone":true}'
"""What is put where a record was, as `pending_records` says it."""

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


def told_collections(ledger: Ledger) -> list[tuple[str, str]]:
    """(sync, collection) of all that the ledger says is served, by whatever sync."""
    return ledger.connection.execute(
        f"""
        select sync, row_key from {ledger.sent}
        where
            left(row_json, 15) = '{{"collection":"'
            and {ledger.connection.member("row_json", "collection")} = row_key
        order by sync, row_key
        """
    ).fetchall()


def is_filled_by(ledger: Ledger, sync: str, held: Held) -> bool:
    """Whether a run of the sync's that the ledger knows made what is held."""
    row = ledger.connection.execute(
        f"select 1 from {ledger.runs} where sync = ? and run_id || '/' || sync = ?",
        [sync, held.version.run_id],
    ).fetchone()
    return row is not None


def run_of(run_id: str, sync: Sync) -> str:
    """How a version names the run that made it: of two syncs each has its own."""
    return f"{run_id}/{sync.name}"


def must_fill_anew(
    ledger: Ledger,
    sync: Sync,
    found: Held | None,
    outbox: Relation | str,
    *,
    is_resync: bool,
) -> bool:
    """Whether the whole collection has to be written, not what changed of it.

    `found` is what the store has of it. Raises Adrift when that is a version that the
    ledger does not go on from.
    """
    if is_resync or found is None:
        return True
    runs = [(run_of(run, sync), accepted) for run, accepted in _runs(ledger, sync)]
    last = next((run for run, accepted in runs if accepted), None)
    since_last = [run for run, _ in runs[: _place(runs, last)]]
    made_by = found.version.run_id
    if found.is_rolled_back or made_by not in {last, *since_last}:
        raise Adrift(sync.name, _adrift(sync, found, known=last is not None))
    if made_by != last:
        # A push was cut off after the store had taken it, before the ledger had.
        return True
    if found.version.records != _told_records(ledger, sync):
        # A backup from before somebody was forgotten, say.
        raise Adrift(sync.name, _adrift(sync, found, known=True))
    # By another definition each record has other entries in the indexes.
    return _is_defined_anew(ledger, outbox)


def _told_records(ledger: Ledger, sync: Sync) -> int:
    """How many records the ledger says are served; a tombstone is none."""
    row = ledger.connection.execute(
        f"""
        select count(*) from {ledger.sent}
        where
            sync = ? and contains(row_key, '{SLASH}') and row_json is not null
            and row_json <> '{TOMBSTONE}'
        """,
        [sync.name],
    ).fetchone()
    return int(row[0]) if row else 0


def _is_defined_anew(ledger: Ledger, outbox: Relation | str) -> bool:
    row = ledger.connection.execute(
        f"select 1 from {outbox} where operation = 'collection' and problem is null"
    ).fetchone()
    return row is not None


def _runs(ledger: Ledger, sync: Sync) -> list[tuple[str, int]]:
    """(run, accepted rows) of the sync, the newest first."""
    return ledger.connection.execute(
        f"select run_id, accepted from {ledger.runs} where sync = ? "
        "order by started_at desc",
        [sync.name],
    ).fetchall()


def _place(runs: list[tuple[str, int]], wanted: str | None) -> int:
    return next((at for at, (run, _) in enumerate(runs) if run == wanted), len(runs))


def _adrift(sync: Sync, held: Held, *, known: bool) -> str:
    name = held.definition.collection
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
        f"{sync.name}: the store holds {held.version.records:,} records of {name} ("
        f"run {held.version.run_id}), not what this ledger left there. {remedy}"
    )
