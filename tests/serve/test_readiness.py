"""Whoever asks whether the server is ready makes the store answer once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from runner.serve.readiness import Kept
from runner.store import Held, StoreError


class Asked:
    """A store that counts who asks it, and fails when it is told to."""

    def __init__(self) -> None:
        self.reads = 0
        self.time = 100.0
        self.is_away = False

    async def read(self) -> Mapping[str, Held]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.is_away:
            msg = "x: away"
            raise StoreError(msg)
        return {}

    def kept(self) -> Kept:
        return Kept(self.read, lambda: self.time)


async def crowd(kept: Kept) -> set[str]:
    """What 50 callers are told at once."""
    asked = (kept.held() for _ in range(50))
    found = await asyncio.gather(*asked, return_exceptions=True)
    return {repr(each) for each in found}


def test_a_crowd_makes_one_read_a_second() -> None:
    asked = Asked()
    kept = asked.kept()

    async def ask() -> None:
        assert await crowd(kept) == await crowd(kept) == {"{}"}
        assert asked.reads == 1
        asked.time += 1.1
        assert await crowd(kept) == {"{}"}

    asyncio.run(ask())
    assert asked.reads == 2


def test_a_store_that_is_away_is_waited_for_once() -> None:
    asked = Asked()
    asked.is_away = True
    kept = asked.kept()

    async def ask() -> None:
        assert await crowd(kept) == {"StoreError('x: away')"}
        assert asked.reads == 1
        asked.is_away = False
        asked.time += 1.1
        assert await crowd(kept) == {"{}"}

    asyncio.run(ask())
    assert asked.reads == 2
