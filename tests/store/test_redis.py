"""What only the store in Redis has: an overlay, a lock that ends, an own server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import redis
from hypothesis import given

from runner.store import (
    Answer,
    StoreError,
    open_store,
    redis_filling,
    redis_lock,
    redis_overlay,
    redis_reader,
)
from runner.store import redis_layout as layout

from .conftest import Desk
from .histories import Push, few, histories, play
from .things import BUILT_AT, THINGS, push, record, thing, tombstone

NOWHERE = "redis://somebody:secret@127.0.0.1:1/0?password=secret"


@pytest.fixture
def url(empty_redis: str) -> str:
    """Redis alone."""
    return empty_redis


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    """A connection of the test's own."""
    with redis.Redis.from_url(url) as client:
        yield client


@few
@given(histories)
def test_what_lies_over_a_slot_answers_as_if_it_were_worked_in(
    desk: Desk, history: list[Push]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # The push ends here, as if it were killed; the next one works the overlay in.
        patch.setattr(redis_filling, "work_in", lambda writer, state: state)
        play(desk, history)


@contextmanager
def cut_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End pushes while their changes are worked in, after two parts of them."""
    parts: list[Any] = []
    unlike = redis_overlay._unlike

    def end(*arguments: Any) -> Any:
        parts.append(arguments)
        if len(parts) > 2:
            raise ZeroDivisionError
        return unlike(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(redis_overlay, "_unlike", end)
        patch.setattr(redis_overlay, "BATCH", 1)
        yield


def test_work_that_was_cut_off_may_have_brought_an_index(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"{key:02}" for key in range(9)]
    plain = replace(THINGS, indexes=())
    push(desk.store, map(thing, keys), definition=plain)
    with cut_off(monkeypatch), pytest.raises(ZeroDivisionError):
        push(desk.store, [thing(key, 2, name=key) for key in keys])
    assert [desk.body("name", key) for key in keys] == [record(key, 2) for key in keys]
    push(desk.store, [thing("00", 3, name="a")])
    assert desk.body("name", "00") == "missing"
    assert [desk.body("name", key) for key in keys[1:]] == [
        record(key, 2) for key in keys[1:]
    ]


def test_work_that_was_cut_off_is_is_ended_by_the_next_push(
    desk: Desk, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"{key:02}" for key in range(9)]
    first = push(desk.store, [thing(key, name=key, shelf="s") for key in keys])
    changed = [thing(key, 2, name=f"{key}+", shelf="s") for key in keys[:4]]
    with cut_off(monkeypatch), pytest.raises(ZeroDivisionError):
        push(desk.store, [*changed, tombstone("04")], removed=["05"])

    def look() -> None:
        assert desk.body("name", "00") == "missing"
        assert desk.body("name", "00+") == record("00", 2)
        assert desk.body("id", "04") == "gone"
        assert desk.body("id", "05") == "missing"
        found = json.loads(desk.body("shelf", "s"))["records"]
        assert [each["id"] for each in found] == ["00", "01", "02", "03", "06"]
        assert [each["value"] for each in found] == [2, 2, 2, 2, 1]

    slot = layout.slot("things", "a").records
    assert 0 < sum(b'"value":2' in blob for blob in client.hvals(slot)) < 4
    look()
    assert client.exists(*layout.overlay("things").both) == 2
    assert len(list(desk.store.rows("things"))) == 8
    look()
    assert client.exists(*layout.overlay("things").both) == 0
    assert desk.store.roll_back("things") == first
    assert len(list(desk.store.rows("things"))) == 9
    assert desk.body("name", "00") == record("00")
    assert desk.body("name", "00+") == "missing"


@pytest.mark.parametrize("anew", [False, True])
def test_a_writer_that_was_taken_over_writes_nothing_more(
    desk: Desk, client: Any, *, anew: bool
) -> None:
    push(desk.store, [thing("1")])
    other = open_store(desk.store.url)
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=anew) as filling:
        filling.put([thing("1", 2)])
        # As when it paused for so long that its lock ended.
        client.delete("{braze_bridge}:lock")
        push(other, [thing("1", 3)])
        for write in (lambda: filling.put([thing("2")]), filling.commit):
            with pytest.raises(StoreError, match="another process writes this store"):
                write()
    assert desk.body("id", "1") == record("1", 3)
    assert desk.store.held()["things"].version.records == 1
    other.close()


def test_a_second_push_at_the_same_time_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=True):
        monkeypatch.setattr(redis_lock, "_PATIENCE", -redis_lock.LOCK_SECONDS)
        other = open_store(desk.store.url)
        with pytest.raises(StoreError, match="another process writes this store"):
            push(other, [thing("1")])
        other.close()


def test_a_redis_that_throws_records_away_is_refused(desk: Desk, client: Any) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(StoreError, match=r"allkeys-lru.*Set it to noeviction"):
            push(desk.store, [thing("1")])
    finally:
        client.config_set("maxmemory-policy", "noeviction")


def test_a_full_redis_says_so_and_keeps_what_it_showed(desk: Desk, client: Any) -> None:
    push(desk.store, [thing("1")])
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 400_000)
    try:
        with pytest.raises(StoreError, match=r"no room for the store.*Raise maxmemory"):
            push(desk.store, [thing(f"{key}", "x" * 9_000) for key in range(200)])
    finally:
        client.config_set("maxmemory", 0)
    assert desk.body("id", "1") == record("1")
    assert push(desk.store, [thing("2")]).records == 2


def test_a_redis_out_of_reach_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as found:
        open_store(NOWHERE)
    assert "redis://127.0.0.1:1/0: Redis cannot be reached" in str(found.value)
    assert "secret" not in str(found.value)
    assert found.value.__suppress_context__


def test_a_reader_says_that_redis_is_out_of_reach() -> None:
    async def find() -> Answer:
        reader = redis_reader.RedisReader(NOWHERE)
        try:
            return await reader.find("things", "id", "1")
        finally:
            await reader.close()

    with pytest.raises(StoreError, match="Redis cannot be reached") as found:
        asyncio.run(find())
    assert "secret" not in str(found.value)


def test_a_wrong_password_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="Redis refuses this user") as found:
        open_store(url.replace("redis://", "redis://somebody:secret@"), create=True)
    assert "secret" not in str(found.value)


def test_another_programs_store_is_not_opened(desk: Desk, client: Any) -> None:
    client.set("{braze_bridge}:format", 2)
    with pytest.raises(StoreError, match="a newer program"):
        open_store(desk.store.url)


def test_a_record_that_is_not_as_it_was_put_is_never_answered(
    desk: Desk, client: Any
) -> None:
    push(desk.store, [thing("1", name="a"), thing("2")])
    (records,) = client.keys("*:records:things")
    client.hset(
        records, "1", client.hget(records, "1").replace(b'"value":1', b'"value":2')
    )
    for index, value in (("id", "1"), ("name", "a")):
        with pytest.raises(StoreError, match="damaged"):
            desk.find(index, value)
    client.hset(records, "2", b"short")
    with pytest.raises(StoreError, match="damaged"):
        desk.find("id", "2")


def test_a_script_that_redis_forgot_is_given_again(desk: Desk, client: Any) -> None:
    push(desk.store, [thing("1")])
    assert desk.body("id", "1") == record("1")
    client.script_flush()
    assert desk.body("id", "1") == record("1")


def test_a_reader_connects_again(desk: Desk, client: Any) -> None:
    push(desk.store, [thing("1")])
    assert desk.body("id", "1") == record("1")
    assert client.client_kill_filter(_type="normal", skipme=True) > 0
    assert desk.body("id", "1") == record("1")
    assert desk.store.held()["things"].version.records == 1


def test_every_key_is_within_one_slot_of_a_cluster(desk: Desk, client: Any) -> None:
    push(desk.store, [thing("1", name="a")])
    push(desk.store, [thing("1", name="b")])
    push(desk.store, [thing("1")], definition=replace(THINGS, collection="other"))
    names = list(client.scan_iter())
    assert len(names) >= 8
    assert all(name.startswith(b"{braze_bridge}:") for name in names)
