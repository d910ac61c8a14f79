"""Whether the store holds what can be served, and whether that is fresh enough.

Must not name a collection: anyone may ask.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from ..store.definition import Held
from ..store.errors import StoreError

_KEPT_SECONDS = 1.0

LOST = "The store is not at its place, or is broken; the one before is served."

Read = Callable[[], Awaitable[Mapping[str, Held]]]


class Kept:
    """What a store holds, read at most once a second however many ask."""

    def __init__(self, read: Read, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._held: Mapping[str, Held] = {}
        self._wrong = ""

    async def held(self) -> Mapping[str, Held]:
        """What was held a second ago at most; raises StoreError."""
        async with self._reading:
            if self._clock() - self._read_at > _KEPT_SECONDS:
                await self._look()
        if self._wrong:
            raise StoreError(self._wrong)
        return self._held

    async def _look(self) -> None:
        try:
            self._held, self._wrong = await self._read(), ""
        except StoreError as error:
            # Whoever waits behind this one would else wait as long again.
            self._wrong = str(error)
        self._read_at = self._clock()


def not_ready(
    held: Mapping[str, Held], max_age: timedelta | None, now: datetime
) -> str | None:
    """Return why the data is not fit to be served, in one sentence, or None."""
    if not held:
        return "The store holds no collection; run `runner push`."
    if max_age is None:
        return None
    old = [each for each in held.values() if now - each.version.built_at > max_age]
    if not old:
        return None
    hours = max_age.total_seconds() / 3600
    return (
        f"{len(old)} of {len(held)} collections were built more than {hours:g} hours "
        "ago; build and push."
    )
