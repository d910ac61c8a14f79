"""A push beside what LMDB shows: the other slot is loaded and shown at the end.

It is loaded in several transactions, so that memory holds little of it. A load that was
killed leaves a slot that nobody looks at and that the next push clears.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import lt

from . import lmdb_layout as layout
from .blobs import index_entries
from .definition import Definition, Version
from .entries import encoder, record_key
from .interface import Row
from .lmdb_env import Shelf
from .making import count, make
from .runs import Runs
from .state import State, next_state, without_before

_MOST_DIRTY = 128 << 20
"""Bytes put in one transaction; its pages are in memory until it ends."""
_ENTRY_BYTES = 2
"""What an entry takes beside its own bytes, in multiples of them."""


class Loading:
    """Loads a slot; records are quickest when they come sorted by key."""

    def __init__(
        self,
        shelf: Shelf,
        held: State | None,
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
        self._slot = held.other_slot if held else "a"
        self._records = layout.records(shelf, name, self._slot)
        self._entries = layout.entries(shelf, name, self._slot)
        self._encoded = encoder(definition)
        self._runs = Runs(shelf.folder)
        self._void: set[bytes] = set()
        """Entries of records that were put twice or removed again."""
        self._last = b""
        self._count = 0
        self._dirty = 0
        self._is_committed = False
        self._txn = shelf.env.begin(write=True)
        self._clear()

    def put(self, rows: Sequence[Row]) -> None:
        """Put records and tombstones."""
        made = make(rows, self._encoded)
        items = [(key, blob) for key, (blob, _) in made.items()]
        is_sorted = self._is_sorted(list(made))
        if not is_sorted:
            for key in made:
                self._forget(key)
        with self._txn.cursor(self._records) as cursor:
            cursor.putmulti(items, append=is_sorted)
        entries = [entry for _, found in made.values() for entry in found]
        self._runs.add(entries)
        if self._void:
            self._void.difference_update(entries)
        self._count += count(blob for _, blob in items)
        self._took(sum(len(blob) for _, blob in items))

    def remove(self, keys: Sequence[str]) -> None:
        """Forget records of this very load."""
        for key in keys:
            stored = record_key(key)
            self._forget(stored)
            self._txn.delete(stored, db=self._records)

    def commit(self) -> Version:
        """Show the slot in place of the other one."""
        for block in self._runs.sorted():
            void = self._void
            items = [(entry, b"") for entry in block if not void or entry not in void]
            with self._txn.cursor(self._entries) as cursor:
                cursor.putmulti(items, append=True)
            self._took(sum(map(len, block)) * _ENTRY_BYTES)
        state = next_state(
            self._held,
            self._definition,
            run_id=self._run_id,
            built_at=self._built_at,
            records=self._count,
            slot=self._slot,
        )
        layout.write_note(self._txn, self._shelf, state)
        self._txn.commit()
        self._is_committed = True
        self._shelf.lengthen()
        return state.version

    def close(self) -> None:
        """Give back what is not committed; what was shown before still is."""
        self._runs.close()
        if self._is_committed:
            return
        self._txn.abort()
        with self._shelf.writing() as txn:
            self._drop(txn)

    def _clear(self) -> None:
        """Clear the slot of what it held, which was the version before."""
        self._drop(self._txn)
        self._txn.drop(
            layout.undo(self._shelf, self._definition.collection), delete=False
        )
        if self._held and self._held.before:
            layout.write_note(self._txn, self._shelf, without_before(self._held))
        self._renew()

    def _drop(self, txn: layout.Transaction) -> None:
        txn.drop(self._records, delete=False)
        txn.drop(self._entries, delete=False)

    def _forget(self, stored: bytes) -> None:
        """Take back what this load put under a key."""
        old = self._txn.get(stored, db=self._records)
        if old is not None:
            self._count -= count([old])
            self._void.update(self._encoded(index_entries(old), stored))

    def _is_sorted(self, keys: list[bytes]) -> bool:
        """Whether keys rise, and all of them beyond those that were put before."""
        if not keys:
            return True
        is_sorted = self._last < keys[0] and all(map(lt, keys, keys[1:]))
        self._last = keys[-1] if is_sorted else max(self._last, *keys)
        return is_sorted

    def _took(self, size: int) -> None:
        self._dirty += size
        if self._dirty > _MOST_DIRTY:
            self._renew()

    def _renew(self) -> None:
        """End the transaction and begin another: its pages leave memory."""
        self._txn.commit()
        self._shelf.lengthen()
        self._txn = self._shelf.env.begin(write=True)
        self._dirty = 0
