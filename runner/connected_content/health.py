"""The unhealthy-host rule: a host that keeps failing is not called for a minute."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

MOST_FAILURES = 3_000
MOST_SHARE = 0.9
WINDOW = 60.0
"""Seconds that count, and seconds for which a host is halted."""

HALTED = 598
"""What Braze answers itself in place of a halted host."""

COUNTED = frozenset({408, 429, 502, 503, 504, 529})


@dataclass(slots=True)
class _Host:
    seen: deque[tuple[float, bool]] = field(default_factory=deque)
    failures: int = 0
    halted_until: float | None = None


class Health:
    """Counts the answers of each host in a moving minute."""

    def __init__(self, most_failures: int = MOST_FAILURES) -> None:
        self._most = most_failures
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def may_call(self, host: str, now: float) -> bool:
        """Whether the host is called; after a halt the first call probes it."""
        with self._lock:
            until = self._hosts.setdefault(host, _Host()).halted_until
        return until is None or now >= until

    def note(self, host: str, status: int, now: float) -> None:
        """Count an answer, and halt the host where there were too many failures."""
        is_failure = status in COUNTED
        with self._lock:
            found = self._hosts.setdefault(host, _Host())
            if found.halted_until is not None:
                # An earlier answer is that of a call from before the halt.
                if now >= found.halted_until:
                    self._end_probe(host, now, is_failure=is_failure)
                return
            found.seen.append((now, is_failure))
            found.failures += is_failure
            while found.seen[0][0] <= now - WINDOW:
                found.failures -= found.seen.popleft()[1]
            too_many = found.failures > self._most
            if too_many and found.failures > MOST_SHARE * len(found.seen):
                found.halted_until = now + WINDOW

    def _end_probe(self, host: str, now: float, *, is_failure: bool) -> None:
        if is_failure:
            self._hosts[host].halted_until = now + WINDOW
        else:
            self._hosts[host] = _Host()
