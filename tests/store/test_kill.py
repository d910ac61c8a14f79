"""A push that is killed at any moment leaves one version, whole, and a usable store."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from pathlib import Path

from runner.store import open_store

from .looker import look
from .pusher import COUNT
from .things import push, record, thing

REPOSITORY = Path(__file__).resolve().parents[2]
ROUNDS = 5


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own; what it prints can be read."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.store.{module}", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_push_leaves_one_version_whole(url: str) -> None:
    chance = random.Random(4)
    last = 0
    for seed in range(ROUNDS):
        pusher = start("pusher", url, str(seed))
        assert pusher.stdout is not None
        # Not in the first push: there would be nothing to look at.
        for _ in range(chance.randint(2, 4)):
            pusher.stdout.readline()
        time.sleep(chance.random() * 0.05)
        pusher.kill()
        pusher.communicate()
        store = open_store(url)
        with asyncio.Runner() as loop:
            reader = store.reader()
            value = loop.run(look(reader))
            loop.run(reader.close())
        assert value >= last
        last = value
        version = store.held()["things"].version
        assert (version.records, version.run_id) == (COUNT, str(value))
        store.close()
    store = open_store(url)
    rows = dict(store.rows("things"))
    assert len(rows) == COUNT
    assert {json.loads(each)["record"]["value"] for each in rows.values()} == {last}
    push(store, [thing("0007", -1, name="7")])
    assert len(dict(store.rows("things"))) == COUNT
    assert dict(store.rows("things"))["0007"].endswith(record("0007", -1) + "}")
    store.close()


def test_many_processes_read_while_one_pushes(url: str) -> None:
    pusher = start("pusher", url, "1")
    assert pusher.stdout is not None
    for _ in range(2):
        pusher.stdout.readline()
    lookers = [start("looker", url, "0.7") for _ in range(3)]
    seen = [looker.communicate()[0] for looker in lookers]
    assert [looker.returncode for looker in lookers] == [0, 0, 0]
    assert pusher.poll() is None
    pusher.kill()
    pusher.communicate()
    assert all(int(count) > 1 for count in seen)
