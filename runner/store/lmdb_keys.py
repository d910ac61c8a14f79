"""Keys of callers in LMDB: an environment of their own, which no push ever locks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .access import AccessKey, read_key
from .lmdb_env import Shelf, close_shelf, naming, open_shelf


class LmdbKeys:
    """The keys of callers; opened for writing only when one is written."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        self._folder = folder
        self._shelf = open_shelf(folder, write=create, create=create)
        self._known: dict[str, tuple[bytes, AccessKey]] = {}

    def add(self, key: AccessKey) -> None:
        """Keep a key."""
        shelf, notes = self._writable()
        with shelf.writing() as txn:
            txn.put(key.id.encode(), key.text().encode(), db=notes)

    def all(self) -> list[AccessKey]:
        """All keys, revoked and expired ones too, oldest first."""
        notes = self._shelf.notes
        with naming(self._folder), self._shelf.env.begin() as txn:
            keys = [
                read_key(text)
                for key_id, text in txn.cursor(notes)
                if not key_id.startswith(b"\0")
            ]
        return sorted(keys, key=lambda key: key.created_at)

    def revoke(self, key_id: str) -> bool:
        """Make a key good no more; False when there is none of that id."""
        name = key_id.encode()
        shelf, notes = self._writable()
        with shelf.writing() as txn:
            text = txn.get(name, db=notes) if name else None
            if text is None:
                return False
            key = read_key(text).revoked(datetime.now(UTC))
            txn.put(name, key.text().encode(), db=notes)
        return True

    async def find(self, key_id: str) -> AccessKey | None:
        """The key of that id; read from the store every time, so never stale."""
        shelf = self._shelf
        notes = shelf.notes
        name = key_id.encode()
        if not name:
            return None
        with naming(self._folder), shelf.env.begin() as txn:
            text = txn.get(name, db=notes)
        if text is None:
            return None
        known = self._known.get(key_id)
        if known is None or known[0] != text:
            known = self._known[key_id] = text, read_key(text)
        return known[1]

    def close(self) -> None:
        """Close the environment when nobody else in this process uses it."""
        close_shelf(self._shelf)

    def _writable(self) -> tuple[Shelf, Any]:
        shelf = open_shelf(self._folder, write=True)
        close_shelf(self._shelf)
        self._shelf = shelf
        return shelf, shelf.notes
