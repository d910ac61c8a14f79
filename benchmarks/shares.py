"""Several runners, one rate limit: a simulation of leases in a table, with faults.

    python -m benchmarks shares [--runners 2 4 8] [--minutes 20] [--seed 1]

Nothing is sent. Runners crash and come back, stall for longer than a lease, are cut off
from the table while they go on sending, hear no answer or are heard too late, and have
clocks that are wrong and run fast or slow. Braze is a counter of arrivals. Shown are
requests in the fullest window, and how much of the limit was used. The faults are the
same, whichever way of sharing is tried.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass

from .shares_world import WINDOW_SECONDS, World

LIMIT = 3000
"""Braze's default for /users/track, in a window of three seconds."""

WAYS = {
    "none": "each has the whole limit",
    "split": "each has its part, for ever",
    "by the wall": "leases until a time that each reads on its own clock",
    "leases": "leases for seconds that each counts since it asked",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What Braze saw."""

    fullest: int
    fullest_sliding: int
    refused: int
    goodput: float
    """Requests that Braze took, of those that the limit allows."""
    started: int


def simulate(how: str, runners: int, seconds: float, limit: int, seed: int) -> Result:
    """Run one world; `how` is one of WAYS."""
    world = World(how, runners, seconds, limit, seed)
    world.run()
    windows = Counter(int(each // WINDOW_SECONDS) for each in world.arrivals)
    refused = sum(max(0, count - limit) for count in windows.values())
    taken = len(world.arrivals) - refused
    return Result(
        fullest=max(windows.values(), default=0),
        fullest_sliding=_fullest_sliding(sorted(world.arrivals)),
        refused=refused,
        goodput=taken / (limit * seconds / WINDOW_SECONDS),
        started=world.started,
    )


def _fullest_sliding(arrivals: list[float]) -> int:
    """The most requests in any three seconds, wherever they begin."""
    most = first = 0
    for place, moment in enumerate(arrivals):
        while arrivals[first] <= moment - WINDOW_SECONDS:
            first += 1
        most = max(most, place - first + 1)
    return most


def main() -> None:
    """Print what each way of sharing does to the limit."""
    parser = argparse.ArgumentParser(prog="benchmarks shares")
    parser.add_argument("--runners", type=int, nargs="*", default=[2, 4, 8])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(sys.argv[2:])
    print(f"limit {LIMIT} requests in {WINDOW_SECONDS:g} s, {chosen.minutes:g} minutes")
    print("| runners | sharing | starts | fullest window | any 3 s | over | goodput |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for runners in chosen.runners:
        for how in WAYS:
            seen = simulate(how, runners, chosen.minutes * 60, LIMIT, chosen.seed)
            print(
                f"| {runners} | {how} | {seen.started} | {seen.fullest:,} "
                f"| {seen.fullest_sliding:,} | {seen.refused:,} | {seen.goodput:.2f} |"
            )
