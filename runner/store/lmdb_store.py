"""The embedded store: a folder with an LMDB environment of records and one of keys.

Many processes read while one writes; what a process that was killed left is as if it
had never begun.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from . import lmdb_layout as layout
from .blobs import row
from .definition import Definition, Held, Version
from .errors import StoreError
from .interface import Filling, Reader
from .lmdb_changing import Changing
from .lmdb_env import Shelf, close_shelf, naming, open_shelf
from .lmdb_erasing import erase, forget_before, revert
from .lmdb_keys import LmdbKeys
from .lmdb_loading import Loading
from .lmdb_reader import LmdbReader
from .state import (
    ANY,
    After,
    check_after,
    confirmed,
    read_state,
    rolled_back,
    without_before,
)

_PATIENCE = 30.0
"""Seconds to wait for another process that writes the store."""
_PAUSE = 0.05


class LmdbStore:
    """All collections in a folder, and the keys of their callers."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        self.url = str(folder)
        self._records = folder / "records"
        self._shelf = open_shelf(self._records, write=create, create=create)
        self.keys = LmdbKeys(folder / "keys", create=create)

    def reader(self) -> Reader:
        """A reader of its own, which outlives the store."""
        return LmdbReader(open_shelf(self._records, write=False))

    def held(self) -> dict[str, Held]:
        """What is held now, by collection."""
        shelf = self._shelf
        database = shelf.notes
        with naming(shelf.folder), shelf.env.begin() as txn:
            texts = layout.notes(txn, database)
        return {name: read_state(text).held for name, text in texts.items()}

    @contextmanager
    def fill(
        self,
        definition: Definition,
        *,
        run_id: str,
        built_at: datetime,
        anew: bool,
        after: After = ANY,
    ) -> Iterator[Filling]:
        """Begin a push; unchecked, one of a collection that is not held is anew."""
        name = definition.collection
        with self._alone() as shelf:
            layout.prepare(shelf, name)
            with shelf.env.begin() as txn:
                held = layout.note(txn, shelf, name)
            check_after(held, name, after, anew=anew)
            filling: Loading | Changing
            if held is None or anew:
                filling = Loading(
                    shelf, held, definition, run_id=run_id, built_at=built_at
                )
            else:
                filling = Changing(
                    shelf, held, definition, run_id=run_id, built_at=built_at
                )
            try:
                yield filling
            finally:
                filling.close()

    def confirm(self, collection: str, *, built_at: datetime) -> None:
        """Say that what is held is as fresh as this."""
        with self._changing(collection) as (shelf, txn):
            state = layout.note(txn, shelf, collection)
            layout.write_note(txn, shelf, confirmed(state, collection, built_at))

    def rows(self, collection: str) -> Iterator[tuple[str, str]]:
        """Key and payload of every record and tombstone, as they were put."""
        shelf = self._shelf
        layout.prepare(shelf, collection)
        with naming(shelf.folder), shelf.env.begin() as txn:
            state = layout.note(txn, shelf, collection)
            if state:
                records = layout.records(shelf, collection, state.slot)
                for _, blob in txn.cursor(records):
                    yield row(blob)

    def roll_back(self, collection: str) -> Version:
        """Show the version before again; raises StoreError when none is kept."""
        with self._changing(collection) as (shelf, txn):
            held = layout.note(txn, shelf, collection)
            state = rolled_back(held, collection)
            if held:
                revert(txn, shelf, held, state)
            layout.write_note(txn, shelf, state)
        return state.version

    def give_up_before(self, collection: str) -> None:
        """Forget the version before for good; no error where none is kept."""
        with self._changing(collection) as (shelf, txn):
            if state := layout.note(txn, shelf, collection):
                forget_before(txn, shelf, state)
                layout.write_note(txn, shelf, without_before(state))

    def erase(self, collection: str, keys: Iterable[str]) -> int:
        """Remove records for good, from the version before too."""
        with self._changing(collection) as (shelf, txn):
            state = layout.note(txn, shelf, collection)
            return erase(txn, shelf, state, keys) if state else 0

    def drop(self, collection: str) -> None:
        """Forget a collection; one that is not held is no error."""
        with self._changing(collection) as (shelf, txn):
            for database in layout.all_of(shelf, collection):
                txn.drop(database, delete=False)
            txn.delete(collection.encode(), db=shelf.notes)

    def close(self) -> None:
        """Give up what the store holds open; readers are closed on their own."""
        self.keys.close()
        close_shelf(self._shelf)

    @contextmanager
    def _changing(self, collection: str) -> Iterator[tuple[Shelf, layout.Transaction]]:
        """One transaction for a change of one collection."""
        with self._alone() as shelf:
            layout.prepare(shelf, collection)
            with shelf.writing() as txn:
                yield shelf, txn

    @contextmanager
    def _alone(self) -> Iterator[Shelf]:
        """Write while nobody else does: a load is several transactions."""
        shelf = open_shelf(self._records, write=True)
        close_shelf(self._shelf)
        self._shelf = shelf
        file = os.open(shelf.folder / "writing.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(file, shelf)
            with naming(shelf.folder):
                yield shelf
        finally:
            os.close(file)


def _lock(file: int, shelf: Shelf) -> None:
    """Take the lock, which the system gives back when the process ends."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                msg = (
                    f"{shelf.folder}: another process writes this store. Wait for it "
                    "to end."
                )
                raise StoreError(msg) from None
            time.sleep(_PAUSE)
        else:
            return
