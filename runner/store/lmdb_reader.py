"""Finding records in LMDB: one transaction that only reads for each request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import lmdb

from . import lmdb_layout as layout
from .answers import Answers
from .definition import Held
from .entries import key_of, prefix, record_key
from .errors import StoreError
from .interface import UNKNOWN, Answer
from .lmdb_env import Shelf, close_shelf, naming
from .lmdb_file import DATA
from .state import read_state

_WARM_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A collection as it is shown, ready to be looked into."""

    text: bytes
    """Of its note: another text is another state."""
    answers: Answers
    records: Any
    entries: Any


class LmdbReader:
    """Finds records; what it says of one request is all of one version."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._env: lmdb.Environment | None = None
        self._begin: Any = None
        self._transaction = -1
        self._shown: dict[str, Shown] = {}

    async def find(self, collection: str, index: str, value: str) -> Answer:
        """Find by the key or a further index."""
        try:
            while True:
                if self._shelf.env is not self._env:
                    self._read()
                with self._begin() as txn:
                    if txn.id() == self._transaction:
                        return self._look(txn, collection, index, value)
                self._read()
        except (lmdb.Error, StoreError):
            with naming(self._shelf.folder):
                raise

    async def held(self) -> dict[str, Held]:
        """What is held now, by collection."""
        self._read()
        return {name: shown.answers.state.held for name, shown in self._shown.items()}

    async def warm(self) -> None:
        """Read the file from its beginning to its end: the disk is quickest so."""
        data = self._shelf.folder / DATA
        with data.open("rb", buffering=0) as file:
            while file.read(_WARM_BYTES):
                pass

    async def close(self) -> None:
        """Close the environment when nobody else in this process uses it."""
        close_shelf(self._shelf)

    def _read(self) -> None:
        """Read the notes, and open the handles of those that are not as they were.

        A transaction sees no handle younger than it is, so it ends before.
        """
        shelf = self._shelf
        if shelf.env is not self._env:
            # This process began to write: the environment was opened again.
            self._env, self._begin, self._shown = shelf.env, shelf.env.begin, {}
        with naming(shelf.folder):
            notes = shelf.notes
            with self._begin() as txn:
                texts = layout.notes(txn, notes)
                transaction = txn.id()
        known = self._shown
        self._shown = {
            name: known[name]
            if name in known and known[name].text == text
            else self._show(name, text)
            for name, text in texts.items()
        }
        self._transaction = transaction

    def _show(self, name: str, text: bytes) -> Shown:
        state = read_state(text)
        return Shown(
            text,
            Answers(state),
            layout.records(self._shelf, name, state.slot),
            layout.entries(self._shelf, name, state.slot),
        )

    def _look(
        self, txn: layout.Transaction, collection: str, index: str, value: str
    ) -> Answer:
        shown = self._shown.get(collection)
        if shown is None:
            return UNKNOWN
        answers = shown.answers
        if index == answers.key:
            return answers.one(txn.get(record_key(value), db=shown.records))
        known = answers.indexes.get(index)
        if known is None:
            return UNKNOWN
        blobs = _lead(txn, shown, prefix(index, value))
        if not known.is_list:
            return answers.one(next(blobs, None))
        return answers.several(islice(blobs, known.most))


def _lead(txn: layout.Transaction, shown: Shown, begin: bytes) -> Iterator[bytes]:
    """The records that the entries with this beginning lead to, in their order."""
    cursor = txn.cursor(shown.entries)
    is_there = cursor.set_range(begin)
    while is_there:
        entry = cursor.key()
        if not entry.startswith(begin):
            return
        blob = txn.get(key_of(entry), db=shown.records)
        if blob is not None:
            yield blob
        is_there = cursor.next()
