"""An erased record is nowhere in a store: not in what a push or its end left either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from runner.store import Store, lmdb_layout, lmdb_loading
from runner.store.lmdb_changing import Changing
from runner.store.lmdb_env import close_shelf, open_shelf
from runner.store.lmdb_loading import Loading

from .conftest import Desk
from .things import BUILT_AT, THINGS, push, record, thing


@pytest.mark.parametrize("anew", [False, True])
def test_an_erased_record_does_not_come_back(desk: Desk, *, anew: bool) -> None:
    push(desk.store, [thing(key, name=key, shelf="s") for key in "abcd"])
    rows = [thing("a", 2, name="a"), thing("c", name="c"), thing("d"), thing("e")]
    push(desk.store, rows, anew=anew, removed=["b"])
    assert desk.store.erase("things", ["a", "b", "e", "none", "a"]) == 3
    assert desk.body("id", "a") == desk.body("name", "a") == "missing"
    assert desk.store.held()["things"].version.records == 2
    version = desk.store.roll_back("things")
    assert [desk.body("id", key) for key in "abe"] == ["missing"] * 3
    assert desk.body("name", "a") == desk.body("name", "b") == "missing"
    assert desk.body("shelf", "s") == f'{{"records":[{record("c")},{record("d")}]}}'
    assert version.records == 2
    assert len(list(desk.store.rows("things"))) == 2


@pytest.mark.parametrize("anew", [False, True])
def test_an_erased_record_is_not_in_what_a_killed_push_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    push(desk.store, [thing("a"), thing("b")])
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=anew) as filling:
        filling.put([thing("a", "in the push")])
        # Killed: nothing is given back.
        monkeypatch.setattr(type(filling), "close", _leave)
    assert desk.store.erase("things", ["a"]) == 1
    assert not any(b"in the push" in each for each in everything(desk.store))
    assert desk.body("id", "a") == "missing"
    assert desk.body("id", "b") == record("b")


@pytest.mark.parametrize("anew", [False, True])
def test_a_push_that_was_not_committed_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    # Each put ends a transaction of a load.
    monkeypatch.setattr(lmdb_loading, "_MOST_DIRTY", 1)
    push(desk.store, [thing("a")])
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=anew) as filling:
        filling.put([thing("b", "in the push")])
    assert len(list(everything(desk.store))) == 1


def _leave(filling: Any) -> None:
    if isinstance(filling, Loading):
        filling._txn.commit()
    elif isinstance(filling, Changing):
        filling._txn.abort()


def everything(store: Store) -> Iterator[bytes]:
    """All that a store holds, shown or not."""
    if "://" in store.url:
        with redis.Redis.from_url(store.url) as client:
            for key in client.scan_iter("*records*"):
                yield from client.hvals(key)
        return
    shelf = open_shelf(Path(store.url) / "records", write=False)
    for database in lmdb_layout.all_of(shelf, "things"):
        with shelf.env.begin() as txn:
            yield from (bytes(blob) for _, blob in txn.cursor(database))
    close_shelf(shelf)


def test_erasing_from_what_is_not_held_is_no_error(desk: Desk) -> None:
    assert desk.store.erase("things", ["a"]) == 0
