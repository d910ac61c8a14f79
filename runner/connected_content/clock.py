"""Time that passes by itself, and that can be made to pass at once."""

from __future__ import annotations

import time


class Clock:
    """Seconds since some moment; what would be slept is skipped."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds, never fewer than before."""
        return time.monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let so many seconds pass without waiting for them."""
        self._skipped += seconds
