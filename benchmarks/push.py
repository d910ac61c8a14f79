"""push: 300,000 added rows, beside a bare loop and beside the fastest client.

Every number is a whole process from its start to its exit: for the runner that is
planning, sending, ledger and accounting.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from .http import LACKING, Sink, compiled, sink
from .measure import Run, alternate, ratio, run, seconds, table
from .shop import Shop, shop

ROWS = 300_000
OBJECTS = 75
ROUNDS = 3
CASES = ((0, 64), (0, 8), (50, 64), (50, 128))
"""(latency of the sink in milliseconds, threads)."""

UNPACED = "1000000"
"""RUNNER_REQUESTS_PER_WINDOW: Braze's limit would be measured, not the runner."""


def main() -> None:
    """Print one line a case."""
    filled = shop("push", f"customers:{ROWS}")
    bodies = filled.directory / "bodies"
    if not bodies.exists():
        run(
            [
                sys.executable,
                "-m",
                "benchmarks.fill",
                filled.database,
                f"bodies:{bodies}",
            ]
        )
    client = compiled("client")
    rows = [_case(filled, bodies, client, *case) for case in CASES]
    header = ["case", "runner rows/s", "requests rows/s", "fastest rows/s"]
    header += ["of requests", "of fastest", "runner cpu s", "peak MB"]
    average = (bodies.stat().st_size // ROWS) - 2
    print(
        table(
            f"push: {ROWS:,} added rows of {average} bytes in requests of {OBJECTS}, "
            f"median of {ROUNDS}; RUNNER_REQUESTS_PER_WINDOW={UNPACED}",
            header,
            rows,
        )
    )
    if not client:
        print(LACKING)


def _case(
    filled: Shop, bodies: Path, client: Path | None, latency: int, threads: int
) -> list[object]:
    with sink(latency) as server:
        things = {
            "runner": lambda: _push(filled, server, threads),
            "bare": lambda: _bare(server, threads, bodies),
        }
        if client:
            things["fastest"] = lambda: run(
                [client, str(server.port), str(threads), bodies]
            )
        found = alternate(ROUNDS, things)
    others = (len(things) - 1) * ROUNDS * ROWS // OBJECTS
    expected = others + sum(_word(each, "requests") for each in found["runner"])
    assert server.requests == expected, f"{server.requests} of {expected} requests"
    runner, bare, fastest = (found.get(name) for name in ("runner", "bare", "fastest"))
    assert runner is not None
    assert bare is not None
    return [
        f"{latency} ms, {threads} threads",
        round(ROWS / seconds(runner)),
        round(ROWS / seconds(bare)),
        round(ROWS / seconds(fastest)) if fastest else None,
        1 / ratio(runner, bare),
        1 / ratio(runner, fastest) if fastest else None,
        sum(each.cpu for each in runner) / ROUNDS,
        round(max(each.peak_mb for each in runner)),
    ]


def _push(filled: Shop, server: Sink, threads: int) -> Run:
    """Push from a copy: the next push must find the same rows pending."""
    target = filled.directory.with_name("pushed")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(
        filled.directory, target, ignore=shutil.ignore_patterns("bodies"), symlinks=True
    )
    done = Shop(target).runner(
        "push",
        "-s",
        "customers",
        "--yes",
        "--format",
        "json",
        BRAZE_REST_ENDPOINT=server.url,
        BRAZE_API_KEY="benchmark",
        RUNNER_IN_FLIGHT=str(threads),
        RUNNER_REQUESTS_PER_WINDOW=UNPACED,
    )
    assert _word(done, "accepted") == ROWS, done.out
    return done


def _word(done: Run, name: str) -> int:
    """A number of the push's own account."""
    return int(json.loads(done.out)["syncs"][0][name])


def _bare(server: Sink, threads: int, bodies: Path) -> Run:
    url = f"{server.url}/users/track"
    return run([sys.executable, "-m", "benchmarks.bare", url, str(threads), bodies])
