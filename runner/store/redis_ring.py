"""Keys of callers in Redis, remembered by a server for two seconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from .access import AccessKey, read_key
from .redis_client import FIND_SECONDS, KEYS, connect, naming, shown

_REMEMBERED_SECONDS = 2.0
_MOST_REMEMBERED = 1_000


class RedisKeys:
    """The keys of callers."""

    def __init__(self, url: str) -> None:
        # A server asks by it, within the time that a caller waits.
        self._client = connect(url, FIND_SECONDS)
        self._url = shown(url)
        self._known: dict[str, tuple[float, AccessKey]] = {}

    def add(self, key: AccessKey) -> None:
        """Keep a key."""
        with naming(self._url):
            self._client.hset(KEYS, key.id, key.text())

    def all(self) -> list[AccessKey]:
        """All keys, revoked and expired ones too, oldest first."""
        with naming(self._url):
            keys = [read_key(text) for text in self._client.hvals(KEYS)]
        return sorted(keys, key=lambda key: key.created_at)

    def revoke(self, key_id: str) -> bool:
        """Make a key good no more; False when there is none of that id."""
        key = self._read(key_id)
        if key is not None:
            self.add(key.revoked(datetime.now(UTC)))
        return key is not None

    async def find(self, key_id: str) -> AccessKey | None:
        """The key of that id, as it was at most two seconds ago."""
        now = time.monotonic()
        known = self._known.get(key_id)
        if known and now - known[0] < _REMEMBERED_SECONDS:
            return known[1]
        key = await asyncio.to_thread(self._read, key_id)
        if key is None:
            # Ids that strangers make up are not remembered.
            self._known.pop(key_id, None)
            return None
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key_id] = now, key
        return key

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _read(self, key_id: str) -> AccessKey | None:
        with naming(self._url):
            text = self._client.hget(KEYS, key_id)
        return None if text is None else read_key(text)
