"""Sees that a store's folder was replaced by another one of the same name.

What a process holds open stays as it was, even removed: without a look it would be
served for ever.
"""

from __future__ import annotations

import os
from pathlib import Path


class Places:
    """A folder and those in it, as they were at first; a URL has none."""

    def __init__(self, store: str) -> None:
        self._held: dict[Path, int] = {}
        if "://" in store:
            return
        folder = Path(store)
        folders = [folder, *(each for each in folder.iterdir() if each.is_dir())]
        # Held open, so that no other folder is given the same number.
        self._held = {each: os.open(each, os.O_RDONLY) for each in folders}

    def are_others(self) -> bool:
        """Whether all are there, and one is not the one it was."""
        try:
            return any(
                not os.path.samestat(os.fstat(held), each.stat())
                for each, held in self._held.items()
            )
        except OSError:
            # Removed, and not made again yet.
            return False

    def close(self) -> None:
        """Let go of the folders."""
        for held in self._held.values():
            os.close(held)
        self._held.clear()
