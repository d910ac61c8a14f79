"""A store in a folder of its own, and one in a real Redis; most tests run over both."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from runner.store import Answer, Reader, Store, open_store

REDIS = shutil.which("redis-server") or shutil.which("valkey-server")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of this session's own."""
    if REDIS is None:
        pytest.skip("neither redis-server nor valkey-server is installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    options = {"port": port, "dir": folder, "save": "", "appendonly": "no"}
    arguments = [str(part) for name in options for part in (f"--{name}", options[name])]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([REDIS, *arguments], stdout=log)
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)
    for _ in range(500):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.01)
    yield url
    client.close()
    server.terminate()
    server.wait()


@pytest.fixture
def empty_redis(redis_url: str) -> str:
    """The Redis with nothing in it."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return redis_url


@pytest.fixture(params=["lmdb", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be made."""
    if request.param == "redis":
        return str(request.getfixturevalue("empty_redis"))
    return str(tmp_path / "store")


@dataclass(frozen=True)
class Desk:
    """A store and a reader of it, in one process."""

    store: Store
    reader: Reader
    loop: asyncio.Runner

    def find(self, index: str, value: str, collection: str = "things") -> Answer:
        """Find by a reader, as a server does."""
        return self.loop.run(self.reader.find(collection, index, value))

    def body(self, index: str, value: str) -> str:
        """The body found, or the kind of the answer that has none."""
        answer = self.find(index, value)
        return answer.body.decode() or answer.kind


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    """A new store."""
    store = open_store(url, create=True)
    with asyncio.Runner() as loop:
        reader = store.reader()
        yield Desk(store, reader, loop)
        loop.run(reader.close())
    store.close()
