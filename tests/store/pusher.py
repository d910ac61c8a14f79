"""Pushes version after version into a store, until it is killed.

Usage: python -m tests.store.pusher URL SEED. All records of one version have one value,
and all of them are on one shelf; a line is printed before each push.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace

from runner.store import Index, lmdb_loading, open_store, redis_lock

from .things import BUILT_AT, THINGS, thing

COUNT = 200
SHELF = Index("shelf", is_list=True, order=("rank", "score"), most=COUNT)
MANY = replace(THINGS, indexes=(THINGS.indexes[0], SHELF))


def main(url: str, seed: int) -> None:
    """Push until killed; every other push is anew, by chance."""
    # Several transactions a load, and no long wait for one that was killed.
    lmdb_loading._MOST_DIRTY = 4_096
    redis_lock.LOCK_SECONDS = 0.3
    chance = random.Random(seed)
    store = open_store(url, create=True)
    held = store.held().get("things")
    value = held.version.number if held else 0
    while True:
        value += 1
        rows = [
            thing(f"{key:04}", value, name=f"{key}", shelf="s", order=(key, value))
            for key in range(COUNT)
        ]
        print(value, flush=True)
        with store.fill(
            MANY, run_id=str(value), built_at=BUILT_AT, anew=chance.random() < 0.5
        ) as filling:
            for first in range(0, COUNT, 50):
                filling.put(rows[first : first + 50])
            filling.commit()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
