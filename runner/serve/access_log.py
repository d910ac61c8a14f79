"""One JSON line for each request on stdout; never a value that was looked up.

A thread writes what requests leave in memory, so that a slow reader of the log holds no
request up; beyond a bound lines are dropped and counted.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime

from .reply import Place, Reply

_PAUSE_SECONDS = 0.2
_MOST_WAITING = 100_000
_AT_ONCE = 4_096
"""Bytes that a pipe takes in one piece, beside those of other processes."""

Entry = tuple[float, str, str, Reply, int, float]
"""Unix time, request id, method, reply, bytes, seconds."""


class AccessLog:
    """Writes lines to a file descriptor until it is closed."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._waiting: deque[Entry] = deque()
        self._is_over = threading.Event()
        self._heads: dict[Place, str] = {}
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(
        self, request_id: str, method: str, reply: Reply, size: int, seconds: float
    ) -> None:
        """Leave a line to be written."""
        if len(self._waiting) < _MOST_WAITING:
            entry = (time.time(), request_id, method, reply, size, seconds)
            self._waiting.append(entry)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Write what is left; waits a second for a reader, and no longer."""
        self._is_over.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._is_over.wait(_PAUSE_SECONDS)
            try:
                self._write()
            except OSError:
                # The reader of the log has left; requests are answered all the same.
                self.dropped += len(self._waiting)
                self._waiting.clear()

    def _write(self) -> None:
        piece: list[bytes] = []
        size = 0
        while self._waiting:
            line = self._line(self._waiting.popleft())
            if size + len(line) > _AT_ONCE:
                _write_all(self._descriptor, b"".join(piece))
                piece, size = [], 0
            piece.append(line)
            size += len(line)
        _write_all(self._descriptor, b"".join(piece))

    def _line(self, entry: Entry) -> bytes:
        at, request_id, method, reply, size, seconds = entry
        head = self._heads.get(reply.place)
        if head is None:
            head = self._heads[reply.place] = _head(reply.place)
        # No method has a quote in it: RFC 9110 knows letters and few signs for them.
        return (
            f'{{"time":"{_time(at)}","request_id":"{request_id}","method":"{method[:16]}",'
            f'{head},"status":{reply.status},"ms":{seconds * 1000:.3f},'
            f'"bytes":{size},"key_id":"{reply.key_id}"}}\n'
        ).encode()


def _head(place: Place) -> str:
    """The members that are the same for all requests of a place."""
    members = {
        "route": place.route,
        "collection": place.collection,
        "index": place.index,
    }
    return json.dumps(members)[1:-1]


def _time(at: float) -> str:
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
