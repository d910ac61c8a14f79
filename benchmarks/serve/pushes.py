"""pushes: 50 pushes while callers ask, and none of them may see half a push.

Records carry their version twice, lists hold five records that change together, and no
answer may be older than one that was given before it was asked for.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..measure import table
from .clients import Load, finish, load, start
from .filled import FOLDER, filled
from .records import HOUSEHOLD, key_url, list_url, targets
from .servers import ours

PUSHES = 50
ALONE_SECONDS = 5


def pushes(records: int, *, rate: int, rebuild: bool) -> None:
    """Print what was found with and without pushes."""
    store = filled(records, 3, most=HOUSEHOLD, anew=True)
    hot = hot_of(records)
    path = targets(FOLDER / "targets", hot, [key_url, list_url], misses=0)
    with ours(store, workers=2, pinned=False) as serving:
        alone = load(serving, path, rate=rate, seconds=ALONE_SECONDS, pinned=False)
        pusher = pushing(store.path, hot, PUSHES, 0.2, records if rebuild else None)
        during: list[Load] = []
        while pusher.poll() is None:
            client = start(serving, path, rate=rate, seconds=2, pinned=False)
            during.append(finish(client))
        out, _ = pusher.communicate()
    path.unlink()
    if pusher.returncode:
        sys.exit(f"The pusher ended with {pusher.returncode}.")
    made, longest = out.split()
    rows = [_row("nobody pushes", [alone]), _row(f"{made} pushes", during)]
    print(
        table(
            f"pushes: {records:,} records, {rate:,} requests/s, two workers; pushes of "
            f"{hot:,} records{', each tenth of all' if rebuild else ''}, the longest "
            f"{longest} s",
            [
                *("", "answers", "errors", "wrong", "torn", "backwards", "retried"),
                *("p99 ms", "worst ms"),
            ],
            rows,
        )
    )


def hot_of(records: int) -> int:
    """One record in a hundred, in whole households."""
    return max(records // 100 // HOUSEHOLD, 1) * HOUSEHOLD


def pushing(
    store: Path, hot: int, count: int, pause: float, records: int | None = None
) -> subprocess.Popen[str]:
    """Begin to push in another process."""
    words = [str(each) for each in (store, hot, count, pause)]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.serve.pusher", *words),
            *([str(records)] if records else []),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def _row(name: str, loads: list[Load]) -> list[object]:
    names = ("answered", "errors", "wrong", "torn", "backwards", "retried")
    return [
        name,
        *(sum(getattr(each, part) for each in loads) for part in names),
        max(each.p99 for each in loads),
        max(each.max for each in loads),
    ]
