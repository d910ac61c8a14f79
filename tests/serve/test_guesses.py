"""Who guesses ids of keys makes a store read few, and keeps no good key out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from runner.serve.guesses import Guarded
from runner.store import AccessKey, new_key

NOW = datetime.now(UTC)


class Ring:
    """Keys, and how often they were read."""

    def __init__(self, *keys: AccessKey) -> None:
        self.keys = {key.id: key for key in keys}
        self.finds = self.lists = 0
        self.time = 100.0

    async def find(self, key_id: str) -> AccessKey | None:
        self.finds += 1
        return self.keys.get(key_id)

    def all(self) -> list[AccessKey]:
        self.lists += 1
        return list(self.keys.values())

    def add(self, key: AccessKey) -> None:
        self.keys[key.id] = key

    def revoke(self, key_id: str) -> bool:
        self.add(self.keys[key_id].revoked(NOW))
        return True

    def guarded(self) -> Guarded:
        return Guarded(self, lambda: self.time)


def made(name: str) -> AccessKey:
    return new_key(name=name, collections=(), created_at=NOW)[1]


def test_a_crowd_of_guesses_costs_little_and_keeps_nobody_out() -> None:
    first, second = made("first"), made("second")
    ring = Ring(first, second)

    async def ask() -> None:
        guarded = ring.guarded()
        assert await guarded.find(first.id) == first
        for number in range(1_000):
            assert await guarded.find(f"{number:010}") is None
        assert ring.finds <= 101
        assert ring.lists == 1
        assert await guarded.find(second.id) == second
        ring.revoke(second.id)
        # Found once, it is read itself from now on.
        found = await guarded.find(second.id)
        assert found
        assert found.revoked_at
        third = made("third")
        ring.add(third)
        ring.time += 1.1
        for number in range(200):
            await guarded.find(f"{number:010}")
        assert await guarded.find(third.id) == third

    asyncio.run(ask())
    assert ring.lists == 2
