"""The facts without which no number means anything."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from .shop import REPOSITORY


def facts() -> str:
    """Cores, processor, memory, versions and commit, one a line."""
    load = os.getloadavg()[0]
    return "\n".join(
        f"{name.ljust(10)}{value}"
        for name, value in {
            "cores": f"{os.cpu_count()} x {_first('/proc/cpuinfo', 'model name')}",
            "memory": _first("/proc/meminfo", "MemTotal"),
            "load": f"{load:.1f} before the first measurement",
            "python": platform.python_version(),
            "duckdb": version("duckdb"),
            "requests": version("requests"),
            "commit": _commit(),
        }.items()
    )


def _first(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(key))
    return next(found, "unknown")


def _commit() -> str:
    found = subprocess.run(
        ["git", "-C", REPOSITORY, "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"
