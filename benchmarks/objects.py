"""objects: events beside attributes, and catalog items beside a bare loop.

Events are claimed in the ledger before they leave, journalled, kept in the order of
their users, and half of them belong to one user in a hundred.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from runner.sandbox import Sandbox

from .http import sink
from .measure import Run, alternate, ratio, run, seconds, table
from .shop import Shop, shop

ROWS = 300_000
ITEMS = 20_000
ROUNDS = 3
CASES = ((0, 8), (50, 128))
"""(latency of the sink in milliseconds, lanes)."""

UNPACED = {
    "RUNNER_REQUESTS_PER_WINDOW": "1000000",
    "RUNNER_CATALOG_ITEMS_REQUESTS_PER_MINUTE": "100000000",
}
"""Braze's limits would be measured, not the runner."""


def main() -> None:
    """Print both tables."""
    steps = (f"customers:{ROWS}", f"visits:{ROWS}", f"items:{ITEMS}")
    filled = shop("objects", *steps)
    print(
        table(
            f"objects: {ROWS:,} events, half of them of 1 % of the users, beside as "
            f"many attribute rows; median of {ROUNDS}",
            ["case", "events rows/s", "attributes rows/s", "of attributes", "peak MB"],
            [_events(filled, *case) for case in CASES],
        )
    )
    print(
        table(
            f"objects: {ITEMS:,} catalog items into the sandbox, 8 lanes; "
            f"median of {ROUNDS}",
            ["case", "runner rows/s", "requests rows/s", "of requests"],
            [_items(filled)],
        )
    )


def _events(filled: Shop, latency: int, lanes: int) -> list[object]:
    with sink(latency) as server:

        def push(sync: str) -> Run:
            return _push(filled, sync, server.url, lanes, ROWS)

        found = alternate(
            ROUNDS,
            {"events": lambda: push("visits"), "attributes": lambda: push("customers")},
        )
    events, attributes = found["events"], found["attributes"]
    return [
        f"{latency} ms, {lanes} lanes",
        round(ROWS / seconds(events)),
        round(ROWS / seconds(attributes)),
        1 / ratio(events, attributes),
        round(max(each.peak_mb for each in events)),
    ]


def _items(filled: Shop) -> list[object]:
    bodies = filled.directory / "item_bodies"
    if not bodies.exists():
        fill = [sys.executable, "-m", "benchmarks.fill", filled.database]
        run([*map(str, fill), f"item_bodies:{bodies}"])

    def push() -> Run:
        with _sandbox() as server:
            return _push(filled, "items", server.url, 8, ITEMS + 1)

    def bare() -> Run:
        with _sandbox() as server:
            first = _push(filled, "items", server.url, 8, 1, "--limit", "1")
            assert first
            url = f"{server.url}/catalogs/items/items"
            return run(
                [sys.executable, "-m", "benchmarks.bare", url, "8", bodies, "PUT"]
            )

    found = alternate(ROUNDS, {"runner": push, "bare": bare})
    return [
        "items",
        round(ITEMS / seconds(found["runner"])),
        round(ITEMS / seconds(found["bare"])),
        1 / ratio(found["runner"], found["bare"]),
    ]


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_key="benchmark", limits="none") as server:
        yield server


def _push(
    filled: Shop, sync: str, url: str, lanes: int, expected: int, *more: str
) -> Run:
    """Push one sync from a copy: the next push must find the same rows pending."""
    target = filled.directory.with_name("pushed")
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns("*bodies")
    shutil.copytree(filled.directory, target, ignore=ignored, symlinks=True)
    options = ("-s", sync, "--yes", "--format", "json", *more)
    environment = {
        "BRAZE_REST_ENDPOINT": url,
        "BRAZE_API_KEY": "benchmark",
        "RUNNER_IN_FLIGHT": str(lanes),
        **UNPACED,
    }
    done = Shop(target).runner("push", *options, **environment)
    accepted = int(json.loads(done.out)["syncs"][0]["accepted"])
    assert accepted == expected, done.out
    return done
