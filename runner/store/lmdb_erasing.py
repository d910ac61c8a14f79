"""Taking records back in LMDB: the version before again, and erasure from both."""

from __future__ import annotations

from collections.abc import Iterable

from . import lmdb_layout as layout
from .blobs import index_entries
from .definition import Definition
from .entries import encoder, record_key
from .lmdb_env import Shelf
from .lmdb_layout import Transaction
from .making import count
from .state import State, fewer


def revert(txn: Transaction, shelf: Shelf, held: State, state: State) -> None:
    """Bring the records back that the version before had."""
    name = held.definition.collection
    undo = layout.undo(shelf, name)
    if state.slot == held.slot:
        _apply(txn, shelf, held, state)
    else:
        _clear(txn, shelf, name, held.slot)
    txn.drop(undo, delete=False)


def forget_before(txn: Transaction, shelf: Shelf, state: State) -> None:
    """Remove what `revert` needs, and what a load that was killed may have left."""
    name = state.definition.collection
    _clear(txn, shelf, name, state.other_slot)
    txn.drop(layout.undo(shelf, name), delete=False)


def erase(txn: Transaction, shelf: Shelf, state: State, keys: Iterable[str]) -> int:
    """Remove records from both versions; returns how many were in either."""
    name = state.definition.collection
    undo = layout.undo(shelf, name)
    before = state.before
    shown = was = found = 0
    if before is None or before.kept != "slot":
        # What a load that was killed may have left there.
        _clear(txn, shelf, name, state.other_slot)
    for key in keys:
        stored = record_key(key)
        now = _remove(txn, shelf, state.definition, state.slot, stored)
        then = now
        if before and before.kept == "slot":
            then = _remove(txn, shelf, before.definition, state.other_slot, stored)
        elif before and (noted := txn.get(stored, db=undo)) is not None:
            txn.put(stored, b"", db=undo)
            then = noted
        shown += count([now])
        was += count([then])
        found += bool(now or then)
    layout.write_note(txn, shelf, fewer(state, shown=shown, before=was))
    return found


def _apply(txn: Transaction, shelf: Shelf, held: State, state: State) -> None:
    """Put back what the last push replaced."""
    name = held.definition.collection
    records = layout.records(shelf, name, held.slot)
    entries = layout.entries(shelf, name, held.slot)
    put_back = encoder(state.definition)
    for stored, old in txn.cursor(layout.undo(shelf, name)):
        _remove(txn, shelf, held.definition, held.slot, stored)
        if old:
            for entry in put_back(index_entries(old), stored):
                txn.put(entry, b"", db=entries)
            txn.put(stored, old, db=records)


def _clear(txn: Transaction, shelf: Shelf, name: str, slot: str) -> None:
    txn.drop(layout.records(shelf, name, slot), delete=False)
    txn.drop(layout.entries(shelf, name, slot), delete=False)


def _remove(
    txn: Transaction, shelf: Shelf, definition: Definition, slot: str, stored: bytes
) -> bytes | None:
    """Remove one record and the entries that lead to it; returns what it was."""
    name = definition.collection
    records = layout.records(shelf, name, slot)
    old: bytes | None = txn.pop(stored, db=records)
    if old is not None:
        entries = layout.entries(shelf, name, slot)
        for entry in encoder(definition)(index_entries(old), stored):
            txn.delete(entry, db=entries)
    return old
