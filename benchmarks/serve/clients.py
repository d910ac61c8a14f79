"""The clients: one that asks at a steady rate, and wrk, as fast as it can."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..http import compiled
from ..shop import CACHE
from .servers import Serving, cores

LACKING = "No C compiler, and latencies need one: apt-get install gcc libc6-dev"
NO_WRK = "wrk is not installed: apt-get install wrk"

_SCRIPT = """\
local lines = {}
local key = os.getenv("BENCH_KEY")
for line in io.lines(os.getenv("BENCH_TARGETS")) do
    local headers = key ~= "" and {["Authorization"] = "Bearer " .. key} or nil
    lines[#lines + 1] = wrk.format("GET", line:sub(5), headers)
end
local at = 0
request = function() at = at % #lines + 1; return lines[at] end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What the steady client found; latencies in milliseconds, from when each was due.

    What each word means stands at the head of load.c.
    """

    sent: int
    answered: int
    errors: int
    wrong: int
    torn: int
    backwards: int
    retried: int
    bytes: int
    seconds: float
    p50: float
    p90: float
    p99: float
    p999: float
    max: float
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds

    @property
    def bad(self) -> int:
        """Answers that are missing or not what they should be."""
        return self.errors + self.wrong + self.torn + self.backwards


def load(
    serving: Serving,
    targets: Path,
    *,
    rate: float,
    seconds: float,
    connections: int = 64,
    pinned: bool = True,
) -> Load:
    """Ask at a rate, or without a pause for 0, and wait for the end."""
    started = start(
        serving,
        targets,
        rate=rate,
        seconds=seconds,
        connections=connections,
        pinned=pinned,
    )
    return finish(started)


def start(
    serving: Serving,
    targets: Path,
    *,
    rate: float,
    seconds: float,
    connections: int = 64,
    pinned: bool = True,
) -> subprocess.Popen[str]:
    """Begin to ask; `finish` waits for what was found."""
    program = compiled("serve/load")
    if program is None:
        sys.exit(LACKING)
    words = [str(each) for each in (serving.port, rate, seconds, connections)]
    pin = (lambda: os.sched_setaffinity(0, {cores()[1]})) if pinned else None
    return subprocess.Popen(
        [program, *words, targets, serving.key],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pin,  # noqa: PLW1509 - this process has one thread
    )


def finish(started: subprocess.Popen[str]) -> Load:
    """Wait for a client's end and return what it found."""
    out, _ = started.communicate()
    if started.returncode:
        sys.exit(f"The client ended with {started.returncode}.")
    return Load(**json.loads(out))


@dataclass(frozen=True, slots=True)
class Closed:
    """What wrk found: requests a second, and a p99 in ms that knows no waiting line."""

    rate: float
    p99: float


def wrk(
    serving: Serving, targets: Path, *, seconds: int, connections: int = 64
) -> Closed | None:
    """Ask on all connections without a pause; None where wrk is not installed."""
    program = shutil.which("wrk")
    if not program:
        return None
    script = CACHE / "serve" / "wrk.lua"
    script.write_text(_SCRIPT, encoding="utf-8")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    done = subprocess.run(
        [*command, "-s", script, f"http://127.0.0.1:{serving.port}"],
        env={**os.environ, "BENCH_KEY": serving.key, "BENCH_TARGETS": str(targets)},
        preexec_fn=lambda: os.sched_setaffinity(0, {cores()[1]}),
        capture_output=True,
        text=True,
        check=True,
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if "Socket errors" in done.stdout or not rate or not p99:
        sys.exit(f"wrk:\n{done.stdout}{done.stderr}")
    return Closed(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])
