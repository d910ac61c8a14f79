"""What Redis' errors say, what they never say, and what they leave behind."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from runner.store import StoreError, StoreMissing, StoreUnknown, open_store
from runner.store import redis_layout as layout
from runner.store.redis_client import STAMPS, connect, connect_reader, naming, shown

from .conftest import Desk
from .things import BUILT_AT, THINGS, push, record, thing

LOCK = "{braze_bridge}:lock"


@pytest.fixture
def url(empty_redis: str) -> str:
    """Redis alone."""
    return empty_redis


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    """A connection of the test's own."""
    with redis.Redis.from_url(url) as client:
        yield client


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:port/0",
        "redis://:s3cr3t/#pw@host",
        "redis://:1234/#pw@host",
        "redis://:s3cr3t@[::1/0",
        "redis://:s3cr3t[@host/0",
        "redis://s3cr3t:12/34@host/0",
        "redis://s3cr3t/pw@host",
        "redis://s3cr3t?pw@host",
        "redis://:1234/0",
        "redis://:s3cr3t",
        "redis://me:s3cr3t@host:99999999/0",
        "redis://me:s3cr3t@host:s3cr3t/0",
        "redis://me%3As3cr3t%40host/0",
        "redis://me:s3cr\t3t@host/0",
        "redis://me:pw@host s3cr3t/0",
        "redis://host/s3cr3t",
        "rediss://[::1]s3cr3t/0",
        "unix://:s3cr3t/pw@/tmp/socket",
        "unix://s3cr3t/tmp/socket",
        "unix:///tmp/socket#s3cr3t",
        "redis://me:pw@host?socket_timeout=s3cr3t",
        "redis://me:pw@host?s3cr3t=1",
    ],
)
def test_of_a_url_that_cannot_be_read_nothing_is_said(url: str) -> None:
    with pytest.raises((StoreMissing, StoreUnknown)) as found:
        open_store(url, create=True)
    said = (
        "PERSONALIZATION_STORE is no URL of a Redis: write special characters of the "
        "password as %XX."
    )
    assert str(found.value) == said
    printed = "".join(traceback.format_exception(found.value)[-1:])
    assert "s3cr3t" not in printed
    assert found.value.__suppress_context__
    for read in (connect, connect_reader):
        with pytest.raises(
            (StoreMissing, StoreUnknown), match="no URL of a Redis"
        ) as found:
            read(url)
        assert str(found.value) == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://me:s3%2Fcr%233t%40@host:1/2", "redis://host:1/2"),
        ("redis://me:s3@cr3t@host:1/2?password=s3cr3t", "redis://host:1/2"),
        ("rediss://:s3cr3t@[2001:db8::1]:6380/0", "rediss://[2001:db8::1]:6380/0"),
        ("redis://[fe80::1%eth0]/", "redis://[fe80::1%eth0]/"),
        ("unix://me:s3cr3t@/tmp/a socket?db=1", "unix:///tmp/a socket"),
        ("redis://", "redis://"),
    ],
)
def test_a_url_is_shown_without_user_and_password(url: str, said: str) -> None:
    assert shown(url) == said
    assert connect(url) is not None


def test_a_sentence_ends_once(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory") as found:
        open_store(f"unix://me:s3cr3t@{tmp_path}/none")
    assert ".." not in str(found.value)
    assert "s3cr3t" not in str(found.value)


@pytest.mark.parametrize("anew", [False, True])
def test_a_full_redis_names_no_record_and_lets_the_next_push_begin(
    desk: Desk, client: Any, *, anew: bool
) -> None:
    push(desk.store, [thing("1")])
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 400_000)
    rows = [thing(f"k3y{key}", "x" * 9_000, name=f"n4me{key}") for key in range(200)]
    try:
        with pytest.raises(StoreError, match=r"no room for the store") as found:
            push(desk.store, rows, anew=anew)
    finally:
        client.config_set("maxmemory", 0)
    said = str(found.value)
    assert not any(each in said for each in ("k3y", "n4me", "HSET", "#", "things"))
    assert not client.exists(LOCK)
    # What was staged makes room again at once.
    assert client.keys("*staging*") == client.keys("*b:records*") == []
    assert desk.body("id", "1") == record("1")


def test_an_answer_that_is_not_expected_names_no_record(
    desk: Desk, client: Any
) -> None:
    push(desk.store, [thing("1")])

    def spoil() -> None:
        client.set(layout.staging("things").entries, "text")

    row = thing("k3y", name="n4me")
    with pytest.raises(StoreError, match="otherwise than expected: WRONGTYPE") as found:
        fill(desk, row, begin=spoil)
    said = str(found.value)
    assert not any(each in said for each in ("k3y", "n4me", "#", ".."))
    client.delete(STAMPS)
    client.set(STAMPS, "text")
    with pytest.raises(StoreError, match=r"expected: WRONGTYPE [^'()#]*\.$"):
        desk.find("id", "1")


def test_words_that_look_like_the_end_of_a_command_are_cut_too() -> None:
    words = (
        "Command # 4 (HSET k of pipeline caused error: k3y) of pipeline caused error: "
    )
    with (
        pytest.raises(StoreError, match=r"expected: MSG\.$") as found,
        naming("redis://host"),
    ):
        raise redis.ResponseError(words + "MSG.")
    assert "k3y" not in str(found.value)


def fill(
    desk: Desk,
    *rows: tuple[str, str, str],
    anew: bool = False,
    begin: Callable[[], object] = bool,
    end: Callable[[], object] = bool,
) -> None:
    """Push, and do something at its beginning and right before its commit is sent."""
    write_note = layout.write_note

    def write(*arguments: Any) -> None:
        write_note(*arguments)
        end()

    with (
        pytest.MonkeyPatch.context() as patch,
        desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=anew) as filling,
    ):
        begin()
        filling.put(rows)
        patch.setattr(layout, "write_note", write)
        filling.commit()


@pytest.mark.parametrize("anew", [False, True])
def test_a_connection_lost_in_a_commit_leaves_no_lock(
    desk: Desk, client: Any, *, anew: bool
) -> None:
    version = push(desk.store, [thing("1")])

    def lose() -> None:
        client.client_kill_filter(_type="normal", skipme=True)

    with pytest.raises(StoreError, match="cannot be reached"):
        fill(desk, thing("1", 2), anew=anew, end=lose)
    assert not client.exists(LOCK)
    assert desk.store.held()["things"].version == version
    assert desk.body("id", "1") == record("1")
    assert push(desk.store, [thing("1", 3)]).number == 2


@pytest.mark.parametrize("anew", [False, True])
def test_a_redis_lost_for_longer_leaves_a_lock_that_soon_ends(
    desk: Desk, client: Any, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    push(desk.store, [thing("1")])

    def lose() -> None:
        monkeypatch.setattr(redis.client.Pipeline, "execute", fail)

    with pytest.raises(StoreError, match="cannot be reached"):
        fill(desk, thing("1", 2), anew=anew, end=lose)
    assert 0 < client.pttl(LOCK) <= 5_000


@pytest.mark.parametrize("anew", [False, True])
def test_a_commit_whose_answer_was_lost_is_shown_whole(
    desk: Desk, client: Any, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    push(desk.store, [thing("1")])
    execute = redis.client.Pipeline.execute

    def end() -> None:
        monkeypatch.setattr(redis.client.Pipeline, "execute", lose)

    def lose(pipe: Any) -> None:
        execute(pipe)
        monkeypatch.setattr(redis.client.Pipeline, "execute", execute)
        fail(pipe)

    with pytest.raises(StoreError, match="cannot be reached"):
        fill(desk, thing("1", 2), thing("2", name="b"), anew=anew, end=end)
    assert not client.exists(LOCK)
    assert desk.store.held()["things"].version.run_id == "x"
    assert desk.body("id", "1") == record("1", 2)
    assert desk.body("name", "b") == record("2")
    assert len(list(desk.store.rows("things"))) == 2


def fail(_: Any) -> None:
    """End as when Redis is out of reach."""
    msg = "lost"
    raise redis.ConnectionError(msg)
