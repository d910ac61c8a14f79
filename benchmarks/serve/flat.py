"""flat: whether ten million records are asked as fast as a hundred thousand.

And three indexes as fast as one. All servers run at once and are asked in turn, each on
the same core, so that what else the machine does meets all of them.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from ..measure import note, table
from .clients import Load, load
from .filled import FOLDER, filled
from .records import targets, urls_of
from .servers import Serving, ours

INDEXES = (1, 3)


def flat(sizes: list[int], *, rounds: int, seconds: int, rate: int) -> None:
    """Print one line a store; the ratios are to the first, of the same round."""
    cases = [(records, indexes) for records in sizes for indexes in INDEXES]
    with ExitStack() as stack:
        servers: dict[tuple[int, int], tuple[Serving, Path]] = {}
        for case in cases:
            serving = stack.enter_context(ours(filled(*case)))
            path = FOLDER / f"targets-{serving.port}"
            servers[case] = serving, targets(path, case[0], urls_of(case[1]))
            stack.callback(path.unlink)
        found = _rounds(servers, rounds, seconds, rate)
    first = cases[0]
    print(
        table(
            f"flat: our server on one core, 10 % misses, all indexes mixed; median of "
            f"{rounds}. 64 connections without a pause, then {rate:,} requests/s",
            [
                *("records, indexes", "req/s", "of the first"),
                *("p50 ms", "p99 ms", "p99.9 ms", "worst ms", "bad"),
            ],
            [
                [
                    f"{records:,}, {indexes}",
                    round(median(each.rate for each in found[records, indexes][0])),
                    _ratio(found[records, indexes][0], found[first][0]),
                    *(
                        median(getattr(each, part) for each in found[case][1])
                        for case in [(records, indexes)]
                        for part in ("p50", "p99", "p999")
                    ),
                    max(each.max for each in found[records, indexes][1]),
                    sum(each.bad for pair in found[records, indexes] for each in pair),
                ]
                for records, indexes in cases
            ],
        )
    )


def _rounds(
    servers: dict[tuple[int, int], tuple[Serving, Path]],
    rounds: int,
    seconds: int,
    rate: int,
) -> dict[tuple[int, int], tuple[list[Load], list[Load]]]:
    """What was found without a pause, and at the rate, by case."""
    found: dict[tuple[int, int], tuple[list[Load], list[Load]]] = {}
    for serving, path in servers.values():
        load(serving, path, rate=0, seconds=1)
    for number in range(rounds):
        for case, (serving, path) in servers.items():
            note(f"{case[0]:,} records, {case[1]} indexes, {number + 1} of {rounds}")
            closed, opened = found.setdefault(case, ([], []))
            closed.append(load(serving, path, rate=0, seconds=seconds))
            opened.append(load(serving, path, rate=rate, seconds=seconds))
    note("")
    return found


def _ratio(these: list[Load], those: list[Load]) -> float:
    pairs = zip(these, those, strict=True)
    return median(one.rate / other.rate for one, other in pairs)
