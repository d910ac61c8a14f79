"""A push on top of what LMDB shows: one transaction, and an undo of all it replaces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from . import lmdb_layout as layout
from .blobs import index_entries
from .definition import Definition, Version
from .entries import encoder, record_key
from .interface import Row
from .lmdb_env import Shelf
from .making import count, make
from .state import State, next_state


class Changing:
    """Changes what is shown, in one transaction."""

    def __init__(
        self,
        shelf: Shelf,
        held: State,
        definition: Definition,
        *,
        run_id: str,
        built_at: datetime,
    ) -> None:
        name = definition.collection
        self._shelf = shelf
        self._held = held
        self._definition = definition
        self._run_id = run_id
        self._built_at = built_at
        self._records = layout.records(shelf, name, held.slot)
        self._entries = layout.entries(shelf, name, held.slot)
        self._undo = layout.undo(shelf, name)
        self._was = encoder(held.definition)
        self._is = encoder(definition)
        self._count = held.version.records
        self._txn = txn = shelf.env.begin(write=True)
        txn.drop(self._undo, delete=False)
        for kind in (layout.records, layout.entries):
            txn.drop(kind(shelf, name, held.other_slot), delete=False)

    def put(self, rows: Sequence[Row]) -> None:
        """Put records and tombstones in place of what is there."""
        for stored, (blob, entries) in make(rows, self._is).items():
            new = set(entries)
            old = self._take(stored)
            for entry in old - new:
                self._txn.delete(entry, db=self._entries)
            for entry in new - old:
                self._txn.put(entry, b"", db=self._entries)
            self._txn.put(stored, blob, db=self._records)
            self._count += count([blob])

    def remove(self, keys: Sequence[str]) -> None:
        """Forget records."""
        for key in keys:
            stored = record_key(key)
            for entry in self._take(stored):
                self._txn.delete(entry, db=self._entries)
            self._txn.delete(stored, db=self._records)

    def commit(self) -> Version:
        """Show the changes."""
        state = next_state(
            self._held,
            self._definition,
            run_id=self._run_id,
            built_at=self._built_at,
            records=self._count,
            slot=self._held.slot,
        )
        layout.write_note(self._txn, self._shelf, state)
        self._txn.commit()
        self._shelf.lengthen()
        return state.version

    def close(self) -> None:
        """Undo what is not committed."""
        self._txn.abort()

    def _take(self, stored: bytes) -> set[bytes]:
        """Note what a change replaces; returns the entries that lead to it."""
        old = self._txn.get(stored, db=self._records)
        is_first = self._txn.put(stored, old or b"", overwrite=False, db=self._undo)
        if old is None:
            return set()
        self._count -= count([old])
        # What this push put itself has entries of the new definition.
        encoded = self._was if is_first else self._is
        return set(encoded(index_entries(old), stored))
