"""Runs things in turn and compares them: seconds, peak memory, and their ratios.

This process must stay small: a child's peak memory begins with its parent's.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """How one process ended."""

    seconds: float
    cpu: float
    """Seconds of both cores, user and system."""
    peak_mb: float
    out: str


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Run:
    """Run a process from its start to its exit; stop everything when it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            sys.exit(f"{command}: {process.returncode}\n{err.read().decode()}")
        cpu = usage.ru_utime + usage.ru_stime
        return Run(seconds, cpu, usage.ru_maxrss / 1024, out.read().decode())


def alternate(
    rounds: int, things: Mapping[str, Callable[[], Run]]
) -> dict[str, list[Run]]:
    """Run the things in turn, so that what else the machine does meets them all."""
    found: dict[str, list[Run]] = {name: [] for name in things}
    for number in range(rounds):
        for name, thing in things.items():
            note(f"{name}, {number + 1} of {rounds}")
            found[name].append(thing())
    note("")
    return found


def note(text: str) -> None:
    """Say what is going on in a line that the next one replaces; on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def seconds(runs: Sequence[Run]) -> float:
    """The median of the runs' seconds."""
    return statistics.median(each.seconds for each in runs)


def peak(runs: Sequence[Run]) -> float:
    """The largest peak of memory in MB."""
    return max(each.peak_mb for each in runs)


def ratio(runs: Sequence[Run], reference: Sequence[Run]) -> float:
    """Time of the runs by time of the reference: the median over pairs of one round."""
    pairs = zip(runs, reference, strict=True)
    return statistics.median(one.seconds / other.seconds for one, other in pairs)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Align columns: the first to the left, the others to the right."""
    grid = [list(header), *([_cell(each) for each in row] for row in rows)]
    widths = [max(len(row[at]) for row in grid) for at in range(len(header))]
    lines = [
        "  ".join(
            text.ljust(width) if at == 0 else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in grid
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([f"\n{title}", "", *lines])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
