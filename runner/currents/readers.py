"""Keeps processes that read Avro files busy, and outlives them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from ..errors import DeliveryError
from .container import FILE_BYTES, TOO_LARGE, Partial, Unreadable
from .layout import EventFile, Listed
from .worker import CPU_SECONDS

ROWS_BITS = 32
"""A line's number is the file's number and the row's in it, one number of 63 bits."""

_FETCHES = 6
"""Files on their way from a place that must be waited for, beside those being read."""
_PYTHONS = ("PATH", "LANG", "PYTHONHOME", "LD_LIBRARY_PATH")
"""What of the environment Python itself may need."""
_ROOT = Path(__file__).resolve().parents[2]


class Place(Protocol):
    """Where the files are."""

    waits: bool

    @property
    def links(self) -> Sequence[str]:
        """What `list` came upon and did not follow."""

    def list(self) -> Iterator[Listed]:
        """Yield every Avro file of the place."""

    def fetch(self, path: str, etag: str, copy: Path) -> Path:
        """Return a file of this machine that holds it: itself, or `copy`."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file and what came of reading it."""

    file: EventFile
    number: int
    """Within this load."""
    outcome: str
    """read, refused, partial, or unreadable."""
    reason: str | None = None
    rows: int = 0
    set_aside: int = 0
    """Events without an id, which are not among the rows."""
    columns: tuple[tuple[str, str], ...] = ()
    """(name, SQL type)."""
    is_quoted: bool = False
    lines: Path = Path()
    """Its rows as text; whoever has loaded them deletes it."""
    size: int = 0
    """Bytes of `lines`."""


class Readers:
    """So many processes; within `with`."""

    def __init__(self, place: Place, folder: Path, processes: int) -> None:
        self._place = place
        self._folder = folder
        self._processes: queue.Queue[_Process] = queue.Queue()
        for _ in range(processes):
            self._processes.put(_Process())
        self._threads = processes + (_FETCHES if place.waits else 0)
        self._pool = ThreadPoolExecutor(self._threads)

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._processes.empty():
            self._processes.get().end()

    def read(self, files: Iterable[EventFile]) -> Iterator[ReadFile]:
        """Yield the files in their order; a few are read ahead, never all of them."""
        ahead: deque[Future[ReadFile]] = deque()
        for number, file in enumerate(files):
            ahead.append(self._pool.submit(self._read, number, file))
            if len(ahead) > 2 * self._threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _read(self, number: int, file: EventFile) -> ReadFile:
        if file.size > FILE_BYTES:
            return ReadFile(file, number, "refused", TOO_LARGE)
        copy = self._folder / f"{number}.avro"
        lines = self._folder / f"{number}.txt"
        try:
            source = self._place.fetch(file.path, file.etag, copy)
            process = self._processes.get()
            try:
                answer = process.ask(source, lines, number << ROWS_BITS)
            finally:
                self._processes.put(process)
        except Partial as error:
            return ReadFile(file, number, "partial", str(error))
        except Unreadable as error:
            return ReadFile(file, number, "unreadable", str(error))
        finally:
            copy.unlink(missing_ok=True)
        outcome, reason = answer["outcome"], answer["reason"]
        if outcome == "fault":
            msg = f"{file.path}: cannot be read: {reason}. Mend that and run again."
            raise DeliveryError(msg)
        if outcome != "read":
            lines.unlink(missing_ok=True)
            return ReadFile(file, number, outcome, reason)
        return ReadFile(
            file,
            number,
            outcome,
            _without_id(answer["set_aside"]),
            rows=answer["rows"],
            set_aside=answer["set_aside"],
            columns=tuple((name, kind) for name, kind in answer["columns"]),
            is_quoted=answer["is_quoted"],
            lines=lines,
            size=lines.stat().st_size,
        )


def _without_id(count: int) -> str | None:
    if not count:
        return None
    return "1 event has no id" if count == 1 else f"{count:,} events have no id"


class _Process:
    """One process that reads a file after the other; a new one when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path, out: Path, first: int) -> dict[str, Any]:
        """Have one file read. A file that ends its reader twice is refused."""
        request = json.dumps({"path": str(path), "out": str(out), "first": first})
        for attempt in (1, 2):
            process = self._process = self._process or _start()
            answer = _exchange(process, request)
            if answer:
                found: dict[str, Any] = json.loads(answer)
                return found
            code = process.wait()
            self.end()
            if code == -signal.SIGXCPU:
                reason = f"reading it takes more than {CPU_SECONDS} s of processor time"
                return {"outcome": "refused", "reason": reason}
            if attempt == 2:
                break
        reason = f"it ended the process that read it ({code})"
        return {"outcome": "refused", "reason": reason}

    def end(self) -> None:
        """Let go of the process, if there is one."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
        self._process = None


def _exchange(process: subprocess.Popen[str], request: str) -> str:
    """One line there and one line back; nothing when the process is dead."""
    assert process.stdin  # noqa: S101 - both are pipes, which Popen's type cannot say
    assert process.stdout  # noqa: S101
    try:
        process.stdin.write(request + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    line = process.stdout.readline()
    return line if line.endswith("\n") else ""


def _start() -> subprocess.Popen[str]:
    """The worker has no business with any secret of the environment."""
    known = {name: os.environ[name] for name in _PYTHONS if name in os.environ}
    return subprocess.Popen(
        # -P: what lies in the current folder is not ours to import.
        [sys.executable, "-P", "-m", "runner.currents.worker"],
        env={**known, "PYTHONPATH": str(_ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
