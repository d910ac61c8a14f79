"""The memory and the time of processes, as Linux counts them in /proc."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory in MB."""

    anonymous: float
    """What is the process's own, and cannot be had from a file again."""
    total: float
    """With the pages of files that are mapped, such as a store's."""


def memory(pid: int) -> Memory | None:
    """The memory of a process now; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB$", text, re.M))
    if len(found) != 2:
        return None
    return Memory(int(found["RssAnon"]) / 1024, int(found["VmRSS"]) / 1024)


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes until now; those that are gone have none."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
            # The name before the bracket may hold blanks.
            ticks += sum(map(int, text.rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that a process started and that are not gone."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    except OSError:
        return []
    return [int(each) for each in listed.split()]


def tree(pid: int) -> list[int]:
    """A process, its children and theirs."""
    return [pid, *(each for child in children(pid) for each in tree(child))]


class Peak:
    """Samples a process and all under it until it is left; the largest sums in MB.

    `disk` is the largest sum of files, in GB.
    """

    def __init__(
        self, pid: int, *, files: Callable[[], float] = float, every: float = 0.1
    ) -> None:
        self.anonymous = self.total = self.disk = 0.0
        self._files = files
        self._pid = pid
        self._every = every
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._is_over.wait(self._every):
            found = [each for each in map(memory, tree(self._pid)) if each]
            self.anonymous = max(self.anonymous, sum(each.anonymous for each in found))
            self.total = max(self.total, sum(each.total for each in found))
            self.disk = max(self.disk, self._files())
