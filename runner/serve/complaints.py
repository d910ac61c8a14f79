"""Tells a person what is wrong, on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

_SILENT_SECONDS = 60.0
_MOST_REMEMBERED = 100


class Complaints:
    """Tells each thing that is wrong, and again only after a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        now = self._clock()
        if now - self._told.get(text, float("-inf")) < _SILENT_SECONDS:
            return
        if len(self._told) > _MOST_REMEMBERED:
            self._told.clear()
        self._told[text] = now
        # The reader of stderr may have left, which is no reason to answer nobody.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
