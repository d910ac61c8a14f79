"""Keys of a store across a network, of which guessers make nobody read too many.

A good key is found all the same: in a crowd all keys are read at once, once a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ..store.access import AccessKey
from ..store.interface import KeyRing
from .door import Strangers

_GUESSES_A_SECOND = 100.0
_KEPT_SECONDS = 1.0


class Guarded:
    """Finds keys; those that were good once are always read themselves."""

    def __init__(
        self, keys: KeyRing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._guesses = Strangers(
            a_second=_GUESSES_A_SECOND, at_once=_GUESSES_A_SECOND, clock=clock
        )
        self._found: set[str] = set()
        """Ids of keys that there are, so that guesses never fill it."""
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._all: dict[str, AccessKey] = {}

    async def find(self, key_id: str) -> AccessKey | None:
        """The key of that id; raises StoreError."""
        if key_id in self._found or self._guesses.may():
            key = await self._keys.find(key_id)
        else:
            key = (await self._everyone()).get(key_id)
        if key is not None:
            self._found.add(key_id)
        return key

    async def _everyone(self) -> dict[str, AccessKey]:
        async with self._reading:
            if self._clock() - self._read_at > _KEPT_SECONDS:
                found = await asyncio.to_thread(self._keys.all)
                self._all = {key.id: key for key in found}
                self._read_at = self._clock()
            return self._all
