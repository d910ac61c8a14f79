"""A key is believed for two seconds, and strangers get what they may at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from runner.serve.door import Door, Strangers
from runner.store import AccessKey, new_key

NOW = datetime.now(UTC)


class Ring:
    """Keys by id, and how often one was looked for."""

    def __init__(self, *keys: AccessKey) -> None:
        self.keys = {key.id: key for key in keys}
        self.finds = 0
        self.time = 100.0

    async def find(self, key_id: str) -> AccessKey | None:
        self.finds += 1
        return self.keys.get(key_id)

    def door(self) -> Door:
        return Door(self.find, lambda: self.time)


def opened(door: Door, text: str) -> AccessKey | None:
    return asyncio.run(door.open([f"Bearer {text}"]))


def test_a_key_is_read_again_after_two_seconds() -> None:
    text, key = new_key(name="k", collections=("a",), created_at=NOW)
    ring = Ring(key)
    door = ring.door()

    assert [opened(door, text), opened(door, text)] == [key, key]
    assert ring.finds == 1
    ring.keys[key.id] = key.revoked(NOW)
    assert opened(door, text) == key
    ring.time += 2.1
    assert opened(door, text) is None
    assert ring.finds == 2


def test_a_key_ends_when_it_expires_though_it_was_just_read() -> None:
    text, key = new_key(
        name="k",
        collections=(),
        created_at=NOW,
        expires_at=datetime.now(UTC) + timedelta(milliseconds=50),
    )
    ring = Ring(key)
    door = ring.door()
    found = opened(door, text)
    while datetime.now(UTC) < (key.expires_at or NOW):
        pass

    assert (found, opened(door, text), ring.finds) == (key, None, 1)


def test_a_key_made_after_it_was_tried_opens_soon() -> None:
    text, key = new_key(name="k", collections=(), created_at=NOW)
    ring = Ring()
    door = ring.door()
    before = opened(door, text)
    ring.keys[key.id] = key
    ring.time += 2.1

    assert (before, opened(door, text)) == (None, key)


def test_what_is_no_key_is_not_looked_for() -> None:
    ring = Ring()
    door = ring.door()

    assert opened(door, "bzs_x_y") is None
    assert opened(door, "secret") is None
    assert ring.finds == 0


def test_ids_that_nobody_has_fill_no_memory() -> None:
    ring = Ring()
    door = ring.door()

    async def guess() -> None:
        for number in range(3_000):
            assert not await door.open([f"Bearer bzs_{number:010}_{'a' * 43}"])

    asyncio.run(guess())
    assert len(door._remembered) <= 1_000


def test_strangers_wait_for_the_bucket_to_fill() -> None:
    time = 0.0
    crowd = Strangers(a_second=10, at_once=3, clock=lambda: time)
    first = [crowd.may() for _ in range(4)]
    time = 0.25
    second = [crowd.may() for _ in range(3)]
    time = 1_000
    later = [crowd.may() for _ in range(4)]

    assert first == [True, True, True, False]
    assert second == [True, True, False]
    assert later == [True, True, True, False]
