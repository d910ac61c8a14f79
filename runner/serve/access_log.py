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

Entry = tuple[float, str, str, Place, int, int, float, str]
"""Unix time, request id, method, place, status, bytes, seconds, key id."""


class AccessLog:
    """Writes lines to a file descriptor until it is closed."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._waiting: deque[Entry] = deque()
        self._is_over = threading.Event()
        self._heads: dict[Place, str] = {}
        self._second, self._time = 0, ""
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(
        self, request_id: str, method: str, reply: Reply, size: int, seconds: float
    ) -> None:
        """Leave a line to be written."""
        if len(self._waiting) < _MOST_WAITING:
            # Not the reply itself: bodies would fill the memory of a log that is stuck.
            told = (reply.place, reply.status, size, seconds, reply.key_id)
            self._waiting.append((time.time(), request_id, method, *told))
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
        at, request_id, method, place, status, size, seconds, key_id = entry
        head = self._heads.get(place)
        if head is None:
            head = self._heads[place] = _head(place)
        second = int(at)
        if second != self._second:
            self._second, self._time = second, _time(second)
        # No method has a quote in it: RFC 9110 knows letters and few signs for them.
        return (
            f'{{"time":"{self._time}.{int(at * 1000) % 1000:03d}Z",'
            f'"request_id":"{request_id}","method":"{method[:16]}",{head},'
            f'"status":{status},"ms":{seconds * 1000:.3f},"bytes":{size},'
            f'"key_id":"{key_id}"}}\n'
        ).encode()


def _head(place: Place) -> str:
    """The members that are the same for all requests of a place."""
    members = {
        "route": place.route,
        "collection": place.collection,
        "index": place.index,
    }
    return json.dumps(members, separators=(",", ":"))[1:-1]


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
