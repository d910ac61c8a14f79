"""flat: whether ten million records are asked as fast as a hundred thousand.

And records with three indexes by their key as fast as with one; the other two indexes
cost a look more, and have a line of their own. All servers run at once and are asked in
turn, each on the same core, so that what else the machine does meets all of them.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from ..measure import note, table
from .clients import Load, load
from .filled import FOLDER, filled
from .peers import PARTS
from .records import Url, key_url, targets, urls_of
from .servers import Serving, ours

Case = tuple[int, int, str]
"""Records, indexes, and by which of them is asked."""


def flat(
    sizes: list[int], among: list[int], *, rounds: int, seconds: int, rate: int
) -> None:
    """Print one line a store; the ratios are to the first, of the same round."""
    with ExitStack() as stack:
        servers: dict[Case, tuple[Serving, Path]] = {}
        for records in sizes:
            for indexes in among:
                serving = stack.enter_context(ours(filled(records, indexes)))
                for asked, urls in _asked(indexes).items():
                    path = FOLDER / f"targets-{serving.port}-{len(urls)}"
                    stack.callback(path.unlink)
                    targets(path, records, urls)
                    servers[records, indexes, asked] = serving, path
        found = _rounds(servers, rounds, seconds, rate)
    first = next(iter(found.values()))
    print(
        table(
            f"flat: our server on one core, 10 % misses; median of {rounds}. "
            f"64 connections without a pause, then {rate:,} requests/s",
            [
                *("records, indexes", "req/s", "of the first"),
                *("p50 ms", "p99 ms", "p99.9 ms", "worst ms", "bad"),
            ],
            [_row(case, each, first) for case, each in found.items()],
        )
    )


def _asked(indexes: int) -> dict[str, tuple[Url, ...]]:
    by_key = {"by key": (key_url,)}
    return by_key if indexes == 1 else {**by_key, "by each": urls_of(indexes)}


def _rounds(
    servers: dict[Case, tuple[Serving, Path]], rounds: int, seconds: int, rate: int
) -> dict[Case, tuple[list[Load], list[Load]]]:
    """What was found without a pause, and at the rate, by case."""
    found: dict[Case, tuple[list[Load], list[Load]]] = {}
    for serving, path in servers.values():
        load(serving, path, rate=0, seconds=1)
    for number in range(rounds):
        for case, (serving, path) in servers.items():
            note(f"{case}, {number + 1} of {rounds}")
            closed, opened = found.setdefault(case, ([], []))
            closed.append(load(serving, path, rate=0, seconds=seconds))
            opened.append(load(serving, path, rate=rate, seconds=seconds))
    note("")
    return found


def _row(
    case: Case,
    found: tuple[list[Load], list[Load]],
    first: tuple[list[Load], list[Load]],
) -> list[object]:
    closed, opened = found
    records, indexes, asked = case
    pairs = zip(closed, first[0], strict=True)
    return [
        f"{records:,}, {indexes}, {asked}",
        round(median(each.rate for each in closed)),
        median(one.rate / other.rate for one, other in pairs),
        *(median(getattr(each, part) for each in opened) for part in PARTS),
        max(each.max for each in opened),
        sum(each.bad for each in (*closed, *opened)),
    ]
