"""peers: requests a second a core and latencies, beside what serves records otherwise.

Every server has one core and one worker, the client has the other core. Each runs in
turn with nginx, and ratios are the median over rounds: of requests a second, and of the
answers for a second that the server's processes ran. Not all run at once: three that
hold ten million records want more memory than most machines have.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median

from ..measure import note, table
from .clients import NO_WRK, Closed, Load, load, wrk
from .filled import FOLDER, filled
from .records import targets
from .servers import Serving, cpu, nginx, ours, roapi, webdis

NGINX = "nginx, static files"
OURS = "runner serve"
PARTS = ("p50", "p99", "p999")


@dataclass(slots=True)
class _Found:
    """What the rounds of one server found."""

    closed: list[Closed] = field(default_factory=list)
    a_cpu_second: list[float] = field(default_factory=list)
    """Answers for a second of the core: what else the machine does counts less."""
    opened: list[Load] = field(default_factory=list)


def peers(records: int, *, rounds: int, seconds: int, rate: int) -> None:
    """Print one line a server."""
    store = filled(records, 1)
    things: dict[str, Callable[[], AbstractContextManager[Serving | None]]] = {
        OURS: lambda: ours(store),
        "Redis behind Webdis": lambda: webdis(records),
        "roapi, key-value": lambda: roapi(records),
    }
    rows, lacking = [], []
    with nginx(records) as beside:
        if not beside:
            lacking.append(NGINX)
        for name, thing in things.items():
            with thing() as serving:
                if serving is None:
                    lacking.append(name)
                    continue
                servers = {NGINX: beside} if beside else {}
                found = _measure(
                    {**servers, name: serving},
                    rounds=rounds,
                    seconds=seconds,
                    rate=rate,
                )
                if name == OURS and beside:
                    rows.append(_row(_named(NGINX, beside, records), found, NGINX))
                rows.append(_row(_named(name, serving, records), found, name))
    print(
        table(
            f"peers: {records:,} records of 1 KB, 10 % misses, "
            f"one core a server; median of {rounds}. wrk on 64 connections "
            f"without a pause, then {rate:,} requests/s that fall due at random",
            [
                *(
                    "server",
                    "wrk req/s",
                    "of nginx",
                    "a CPU second",
                    "of nginx",
                    "wrk p99 ms",
                ),
                *("p50 ms", "p99 ms", "p99.9 ms", "worst ms", "bad"),
            ],
            rows,
        )
    )
    for name in lacking:
        print(f"{name}: not installed here, left out. See benchmarks/README.md.")
    if not shutil.which("wrk"):
        print(NO_WRK)


def _measure(
    servers: dict[str, Serving], *, rounds: int, seconds: int, rate: int
) -> dict[str, _Found]:
    found = {name: _Found() for name in servers}
    asked = {}
    for name, each in servers.items():
        path = FOLDER / f"targets-{each.port}"
        asked[name] = targets(path, each.records, [each.url])
        load(each, path, rate=0, seconds=1)
    for number in range(rounds):
        for name, each in servers.items():
            note(f"{name}, {number + 1} of {rounds}")
            before = cpu(each)
            closed = wrk(each, asked[name], seconds=seconds)
            if closed:
                found[name].closed.append(closed)
                spent = cpu(each) - before
                found[name].a_cpu_second.append(closed.rate * seconds / spent)
            found[name].opened.append(
                load(each, asked[name], rate=rate, seconds=seconds)
            )
    for path in asked.values():
        path.unlink()
    note("")
    return found


def _named(name: str, serving: Serving, records: int) -> str:
    """The name, with what it holds where that is less than the others do."""
    return name if serving.records == records else f"{name} ({serving.records:,})"


def _row(label: str, found: dict[str, _Found], name: str) -> list[object]:
    mine, beside = found[name], found.get(NGINX)
    mine_spent, spent = mine.a_cpu_second, beside.a_cpu_second if beside else []
    ratios = [one / other for one, other in zip(mine_spent, spent, strict=False)]
    others = beside.closed if beside else []
    rates = [
        one.rate / other.rate for one, other in zip(mine.closed, others, strict=False)
    ]
    opened = mine.opened
    return [
        label,
        round(median(each.rate for each in mine.closed)) if mine.closed else None,
        median(rates) if rates else None,
        round(median(mine_spent)) if mine_spent else None,
        median(ratios) if ratios else None,
        median(each.p99 for each in mine.closed) if mine.closed else None,
        *(median(getattr(each, part) for each in opened) for part in PARTS),
        max(each.max for each in opened),
        sum(each.bad for each in opened),
    ]
