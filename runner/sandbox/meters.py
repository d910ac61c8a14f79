"""Counts what the sandbox received, and keeps the rate window and the told waits.

Must not read a clock: every moment is an argument.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

# A request already on its way when the 429 was answered is not early.
GRACE_SECONDS = 0.05
# Two clocks of one machine may differ by this much.
CLOCK_SECONDS = 0.005
# What Braze announces where no limit of ours applies (contract sheet 1.3).
ANNOUNCED_LIMIT = 250_000
ANNOUNCED_SECONDS = 3600.0


@dataclass(slots=True)
class Meters:
    """The sums shown on the page."""

    requests: int = 0
    objects: int = 0
    data_points: int = 0
    rejected: int = 0
    ignored: int = 0
    rate_limited: int = 0
    early: int = 0


@dataclass(slots=True)
class Received:
    """One request, as the sandbox saw it."""

    number: int
    method: str
    path: str
    received_at: float
    at: float
    bytes: int
    early: bool
    status: int = 0
    objects: int = 0
    rejected: int = 0
    queued: int = 0
    fault: str | None = None
    # JSON with no object in it, such as the runner's check of a key.
    empty: bool = False
    refused: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return a copy for the caller to keep."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Window:
    """What the rate headers say after one request."""

    limit: int
    remaining: int
    resets_at: float
    is_over: bool


@dataclass(slots=True)
class RateWindow:
    """Counts requests in windows aligned to the clock, as Braze's hours are."""

    limit: int | None = None
    seconds: float = ANNOUNCED_SECONDS
    _index: int = -1
    _used: int = 0

    def take(self, now: float) -> Window:
        """Count one request at wall-clock time `now`."""
        index = math.floor(now / self.seconds)
        if index != self._index:
            self._index, self._used = index, 0
        limit = ANNOUNCED_LIMIT if self.limit is None else self.limit
        is_over = self.limit is not None and self._used >= limit
        self._used += 0 if is_over else 1
        # Without a limit of ours there is always something left.
        least = 1 if self.limit is None else 0
        remaining = max(limit - self._used, least)
        return Window(limit, remaining, (index + 1) * self.seconds, is_over)


@dataclass(slots=True)
class Wait:
    """The wait callers were told by the last 429s, on the monotonic clock."""

    told_at: float = field(default=-math.inf)
    until: float = field(default=-math.inf)

    def tell(self, *, now: float, seconds: float) -> None:
        """Note a 429; one within a running wait can only lengthen it."""
        if now >= self.until:
            self.told_at = now
        self.until = max(self.until, now + seconds)

    def is_early(self, received_at: float) -> bool:
        """Say whether a request began although its caller had been told to wait."""
        begins = self.told_at + GRACE_SECONDS
        return begins < received_at < self.until - CLOCK_SECONDS
