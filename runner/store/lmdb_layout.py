"""Where things are in the LMDB environment of records: names of databases, notes."""

from __future__ import annotations

from typing import Any, TypeAlias

import lmdb

from .lmdb_env import Shelf
from .state import State, read_state

Transaction: TypeAlias = "lmdb.Transaction[bytes]"


def note(txn: Transaction, shelf: Shelf, collection: str) -> State | None:
    """What is noted about a collection, if it is held."""
    found = txn.get(collection.encode(), db=shelf.notes)
    return None if found is None else read_state(found)


def write_note(txn: Transaction, shelf: Shelf, state: State) -> None:
    """Note the state of a collection: with the commit it is shown."""
    name = state.definition.collection.encode()
    txn.put(name, state.text().encode(), db=shelf.notes)


def notes(txn: Transaction, database: Any) -> dict[str, bytes]:
    """The text of the note about each collection."""
    return {
        name.decode(): bytes(text)
        for name, text in txn.cursor(database)
        if not name.startswith(b"\0")
    }


def records(shelf: Shelf, collection: str, slot: str) -> Any:
    """The database of a slot's records."""
    return shelf.database(f"{slot}:r:{collection}".encode())


def entries(shelf: Shelf, collection: str, slot: str) -> Any:
    """The database of a slot's index entries."""
    return shelf.database(f"{slot}:x:{collection}".encode())


def undo(shelf: Shelf, collection: str) -> Any:
    """What the last push replaced: the record's bytes, or none where none was."""
    return shelf.database(f"u:{collection}".encode())


def prepare(shelf: Shelf, collection: str) -> None:
    """Open every handle of a collection: a transaction sees none younger than it is."""
    all_of(shelf, collection)
    _ = shelf.notes


def all_of(shelf: Shelf, collection: str) -> list[Any]:
    """Every database of a collection."""
    slots = [(kind, slot) for kind in (records, entries) for slot in "ab"]
    found = [kind(shelf, collection, slot) for kind, slot in slots]
    return [*found, undo(shelf, collection)]
