"""What was on the wire when a push died: a file beside the outbox of a run.

The warehouse holds the truth: which rows were claimed before a byte of them left. The
journal narrows it, from every claimed row down to those really in flight. Without it,
or after this machine went down, every claimed row without an answer is unknown.
"""

from __future__ import annotations

import errno
import json
import os
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .ledger import Ack

_BEGUN, _CLEAR, _DONE = 1, 0, 2
_FATES = {
    "begin": _BEGUN,
    "clear": _CLEAR,
    "accepted": _DONE,
    "rejected": _DONE,
    "unknown": _DONE,
}


class Journal:
    """Written by all lanes: one line before a request, one after its answer."""

    def __init__(self, path: Path) -> None:
        """Begin a run's journal; ConfigError where it cannot be written."""
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            msg = f"{path}: cannot be written: {error.strerror}. Its rows stay pending."
            raise ConfigError(msg) from None
        self._lock = threading.Lock()
        self._is_open = True
        self._write(["boot", boot_id()])

    def begin(self, seqs: tuple[int, ...]) -> None:
        """A request with these outbox rows is about to leave."""
        self._write(["begin", seqs[0], seqs[-1]])

    def clear(self, seqs: tuple[int, ...]) -> None:
        """The answer says that nothing of it was applied."""
        self._write(["clear", seqs[0], seqs[-1]])

    def settle(self, acks: list[Ack]) -> None:
        """The fate of these rows is known."""
        for ack in acks:
            self._write(
                [
                    ack.verdict,
                    ack.first_seq,
                    ack.last_seq,
                    ack.reason,
                    ack.status,
                ]
            )

    def close(self) -> None:
        """The run has ended: the ledger says it all. A late lane writes nothing more.

        The number of a closed file is given to the next one, which is the warehouse.
        """
        with self._lock:
            self._is_open = False
            os.close(self._file)
        self.path.unlink(missing_ok=True)

    def _write(self, entry: list[object]) -> None:
        line = json.dumps(entry).encode() + b"\n"
        with self._lock:
            if self._is_open and os.write(self._file, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@dataclass(slots=True)
class Reading:
    """What a journal says: acknowledgements, and stretches that were in flight."""

    acks: list[Ack] = field(default_factory=list)
    in_flight: list[tuple[int, int]] = field(default_factory=list)


def read_journal(path: Path, rows: int) -> Reading | None:
    """Read the journal of a run of so many rows; None if it cannot be trusted."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
        boot, *entries = [json.loads(line) for line in lines]
        # Without it, the last lines may have been lost with the machine.
        if boot != ["boot", boot_id()] or not boot[1]:
            return None
        return _read(entries, rows)
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _read(entries: list[list[Any]], rows: int) -> Reading:
    """Raises one of the above where an entry makes no sense."""
    state = bytearray(rows)
    reading = Reading()
    for word, first, last, *rest in entries:
        fate = _FATES[word]
        if not 0 <= first <= last < rows:
            raise ValueError
        state[first : last + 1] = bytes([fate]) * (last + 1 - first)
        if fate == _DONE:
            reading.acks.append(Ack(first, last, word, *rest))
    reading.in_flight = stretches(state)
    return reading


def stretches(state: bytearray) -> list[tuple[int, int]]:
    """The stretches (first, last) of ones."""
    return [(found.start(), found.end() - 1) for found in re.finditer(rb"\x01+", state)]


def boot_id() -> str:
    """This run of this machine; empty where there is no way to know. Linux."""
    try:
        return (
            Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        )
    except OSError:
        return ""
