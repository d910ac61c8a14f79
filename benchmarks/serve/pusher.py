"""Pushes to a store again and again while it is served, in a process of its own.

python -m benchmarks.serve.pusher FOLDER HOT PUSHES PAUSE [RECORDS]: each push gives the
first HOT records, whole households, a new version; every tenth, where RECORDS is given,
fills all of them anew. PUSHES 0 goes on until SIGTERM. Prints the pushes made and the
longest in seconds.
"""

from __future__ import annotations

import signal
import sys
import time
from datetime import UTC, datetime

from runner.store import Store, open_store

from .records import COLLECTION, row_of

_WINDOW = 20_000


def main() -> None:
    """Push until there were enough or SIGTERM came."""
    path, *numbers = sys.argv[1:]
    hot, pushes, pause, *records = (float(number) for number in numbers)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    store = open_store(path)
    version = store.held()[COLLECTION].version.number
    longest, made = 0.0, 0
    while not asked and (not pushes or made < pushes):
        began = time.monotonic()
        made += 1
        version += 1
        anew = bool(records) and made % 10 == 0
        push(store, int(records[0] if anew else hot), version, anew=anew)
        longest = max(longest, time.monotonic() - began)
        time.sleep(pause)
    store.close()
    print(made, f"{longest:.3f}")


def push(store: Store, count: int, version: int, *, anew: bool) -> None:
    """Give the first records a version, all of them at once."""
    held = store.held()[COLLECTION].definition
    indexes = len(held.indexes) + 1
    with store.fill(
        held, run_id=f"push{version}", built_at=datetime.now(UTC), anew=anew
    ) as filling:
        for first in range(0, count, _WINDOW):
            numbers = range(first, min(first + _WINDOW, count))
            filling.put([row_of(number, indexes, version) for number in numbers])
        filling.commit()


if __name__ == "__main__":
    main()
