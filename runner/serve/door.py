"""Who may come in: good keys always, and strangers only so many a second.

Must not say why a key does not open, and never hold one back for what strangers do.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from ..store.access import AccessKey, key_id, opens

_FRESH_SECONDS = 2.0
"""A key that was read is believed for so long; then its revocation is seen."""
_MOST_REMEMBERED = 1_000
_NEVER: tuple[float, AccessKey | None] = (float("-inf"), None)
_SCHEME = "bearer "

Find = Callable[[str], Awaitable[AccessKey | None]]


class Door:
    """Opens to a key of the store, by the text in the Authorization header."""

    def __init__(self, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._clock = clock
        self._remembered: dict[str, tuple[float, AccessKey | None]] = {}

    async def open(self, headers: Sequence[str]) -> AccessKey | None:
        """Return the key that the one header holds, if it is good at this moment.

        Raises StoreError when keys cannot be read.
        """
        if len(headers) != 1 or headers[0][:7].lower() != _SCHEME:
            return None
        text = headers[0][7:].strip(" ")
        name = key_id(text)
        if name is None:
            return None
        read_at, key = self._remembered.get(name, _NEVER)
        now = self._clock()
        if now - read_at > _FRESH_SECONDS:
            key = await self._find(name)
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[name] = (now, key)
        return key if opens(key, text, datetime.now(UTC)) else None


class Strangers:
    """A token bucket of answers for those without a good key."""

    def __init__(
        self,
        *,
        a_second: float,
        at_once: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._clock = clock
        self._left = at_once
        self._at = clock()

    def may(self) -> bool:
        """Whether one more is answered as others are; otherwise it is sent away."""
        now = self._clock()
        grown = self._left + (now - self._at) * self._a_second
        self._left, self._at = min(self._at_once, grown), now
        if self._left < 1:
            return False
        self._left -= 1
        return True
