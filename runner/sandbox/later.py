"""Keeps what was accepted and is not yet done: Braze queues most writes.

Must not read a clock: every moment is an argument.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Later:
    """Actions in the order in which they fall due; those due at once never wait."""

    _queue: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _count: int = 0

    def put(self, action: Callable[[], object], *, at: float, after: float) -> None:
        """Act `after` seconds from `at`, or now."""
        if after <= 0:
            action()
            return
        self._count += 1
        heapq.heappush(self._queue, (at + after, self._count, action))

    def settle(self, now: float) -> None:
        """Do what has fallen due."""
        while self._queue and self._queue[0][0] <= now:
            heapq.heappop(self._queue)[2]()
