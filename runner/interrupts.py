"""SIGTERM and SIGINT as something to ask about, instead of something that happens.

The first signal stops what may be stopped; a second one ends the process at once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

DRAIN_SECONDS = 25.0
"""How long requests in flight may take to end after a signal."""


class Interrupts:
    """Within `with`, remembers the first signal and calls `on_signal`."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.on_signal: Callable[[], None] = lambda: None
        self._since = 0.0
        self._before: dict[signal.Signals, Any] = {}

    @property
    def drained_too_long(self) -> bool:
        """Whether what was in flight at the signal had all the time it may have."""
        return self.signal is not None and (
            time.monotonic() - self._since > DRAIN_SECONDS
        )

    def __enter__(self) -> Interrupts:
        # Python lets only the main thread set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            os._exit(128 + number)
        self.signal, self._since = number, time.monotonic()
        self.on_signal()


def are_remembered() -> bool:
    """Whether Ctrl-C is only remembered now, and nothing else may answer to it."""
    handler = signal.getsignal(signal.SIGINT)
    return isinstance(getattr(handler, "__self__", None), Interrupts)
