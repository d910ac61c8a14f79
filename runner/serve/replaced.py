"""Sees that a store's folder, or a file in it, gave its name to another one.

What a process holds open stays as it was, even removed: without a look it would be
served for ever, and a key that was revoked elsewhere with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from ..store.lmdb_file import DATA, check_length

_LOCK = "lock.mdb"


class Places:
    """A folder, those in it and their data, as they were at first; a URL has none."""

    def __init__(self, store: str) -> None:
        self._held: dict[Path, int] = {}
        if "://" in store:
            return
        folder = Path(store)
        folders = [each for each in folder.iterdir() if each.is_dir()]
        files = [each / name for each in folders for name in (DATA, _LOCK)]
        files = [each for each in files if each.exists()]
        try:
            for each in (folder, *folders, *files):
                # Held open, so that nothing else is given the same number.
                self._held[each] = os.open(each, os.O_RDONLY)
        except OSError:
            self.close()
            raise

    def look(self) -> Literal["same", "folders", "files", "gone"]:
        """What of it is another one; gone when something is not there at all."""
        try:
            others = [each for each in self._held if self._is_other(each)]
            if not others:
                return "same"
            return "folders" if any(each.is_dir() for each in others) else "files"
        except OSError:
            return "gone"

    def check(self) -> None:
        """Raise StoreError for a file that is not whole, as one that is copied is."""
        for each in self._held:
            if each.name == DATA:
                check_length(each.parent)

    def close(self) -> None:
        """Let go of all of them."""
        for held in self._held.values():
            os.close(held)
        self._held.clear()

    def _is_other(self, path: Path) -> bool:
        try:
            return not os.path.samestat(os.fstat(self._held[path]), path.stat())
        except FileNotFoundError:
            # A lock is made again by whoever opens the store next.
            if path.name == _LOCK:
                return True
            raise
