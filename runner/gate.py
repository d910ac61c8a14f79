"""The gate that every request passes: pacing below the limit, and Braze's word to wait.

One for each pool of requests that share a limit of Braze's, for all lanes and syncs.
The clock comes from outside, so that tests need not wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SHARE_OF_LIMIT = 0.95
"""Other senders share the workspace's limit; running into it costs a whole window."""

_RECHECK_SECONDS = 0.2

_SLACK_SECONDS = 0.1
"""How far a late lane may catch up, where the unused share of the limit covers it."""


class Gate:
    """Lets requests begin evenly, and none while Braze has said to wait."""

    def __init__(
        self,
        requests: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Pace requests below this many in each window of so many seconds."""
        self._interval = seconds / (SHARE_OF_LIMIT * requests)
        spare = (1.0 - SHARE_OF_LIMIT) * seconds
        self._slack = min(_SLACK_SECONDS, spare)
        self._clock = clock
        self._lock = threading.Lock()
        self._next_slot = 0.0
        self._closed_until = 0.0
        self._trusted_until = float("inf")
        self.in_flight = 0
        self.waited = 0.0
        """Seconds that Braze told us to wait so far."""

    def enter(self, stop: threading.Event) -> bool:
        """Wait for this request's turn; False when `stop` is set instead."""
        slot: float | None = None
        while not stop.is_set():
            with self._lock:
                now = self._clock()
                if now < self._closed_until:
                    slot, delay = None, self._closed_until - now
                elif now > self._trusted_until:
                    slot, delay = None, _RECHECK_SECONDS
                else:
                    if slot is None:
                        slot = max(self._next_slot, now - self._slack)
                        self._next_slot = slot + self._interval
                    delay = slot - now
                    if delay <= 0:
                        self.in_flight += 1
                        return True
            stop.wait(delay)
        return False

    def leave(self) -> None:
        """A request has its answer, or will have none."""
        with self._lock:
            self.in_flight -= 1

    def trust_for(self, seconds: float) -> None:
        """The lease holds for so long: without another word nothing begins after it."""
        with self._lock:
            self._trusted_until = self._clock() + seconds

    @property
    def is_trusted(self) -> bool:
        """Whether the lease still holds, by the last word about it."""
        return self._clock() <= self._trusted_until

    def close_for(self, seconds: float) -> None:
        """Let nothing begin for so long; a shorter word undoes no longer one."""
        with self._lock:
            now = self._clock()
            until = now + seconds
            if until > self._closed_until:
                self.waited += until - max(self._closed_until, now)
                self._closed_until = until
