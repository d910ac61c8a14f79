"""The other side of a push and the fastest way to it, in C where that compiles."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .shop import CACHE

LACKING = (
    "No C compiler: the sink is asyncio's, which costs the client time, and the "
    "fastest client is left out. To have both: apt-get install gcc libc6-dev"
)


def compiled(name: str) -> Path | None:
    """Compile a C file of this folder, or return None where there is no compiler."""
    compiler = shutil.which("cc")
    if not compiler:
        return None
    source = Path(__file__).parent / f"{name}.c"
    program = CACHE / name
    program.parent.mkdir(parents=True, exist_ok=True)
    options = ["-O2", "-pthread", "-o", program, source, "-lm"]
    subprocess.run([compiler, *options], check=True)
    return program


@dataclass(slots=True)
class Sink:
    """Where the requests end; `requests` and `size` are known after its end."""

    port: int
    requests: int = 0
    size: int = 0

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def sink(latency_ms: int) -> Iterator[Sink]:
    """Run the cheapest sink that answers as Braze does after so many milliseconds."""
    program = compiled("sink")
    slow = [sys.executable, "-m", "benchmarks.sink_asyncio"]
    command = [str(program)] if program else slow
    process = subprocess.Popen(
        [*command, str(latency_ms)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    found = Sink(int(process.stdout.readline()))
    try:
        yield found
    finally:
        process.terminate()
        words = process.stdout.read().split()
        process.wait(timeout=10)
        found.requests, found.size = (int(word) for word in words)
