"""A store in a real Redis is served as one in a folder is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import redis

from runner.store import open_store

from ..store.conftest import empty_redis, redis_url
from .serving import Server
from .stores import PRODUCTS, RECORD, SECOND, Stored, fill, row, stored

__all__ = ["empty_redis", "redis_url"]

COLLECTIONS = "/v1/collections"
PRODUCT = f"{COLLECTIONS}/products/records/sku/s1"


def test_a_redis_is_served(empty_redis: str) -> None:
    with Server(stored(empty_redis), "--workers", "2") as server:
        records = f"{COLLECTIONS}/recommendations/records"
        found = {
            each: server.ask(f"{records}/{each}")
            for each in ("user_id/u1", "email/ann%40example.com", "segment/gold")
        }
        assert {each.status for each in found.values()} == {200}
        assert found["user_id/u1"].body.decode() == RECORD
        assert found["email/ann%40example.com"].body.decode() == RECORD
        assert (
            found["segment/gold"].body.decode() == f'{{"records":[{RECORD},{SECOND}]}}'
        )
        assert server.ask(f"{records}/user_id/u1", "products").status == 404
        assert server.ask(f"{records}/user_id/u1", "revoked").status == 401
        assert server.ask("/readyz", None).json["collections"] == 3

        store = open_store(empty_redis)
        rows = [row("s1", '{"sku":"s1","name":"Jar"}', ["name", "Jar"])]
        fill(store, PRODUCTS, rows)
        store.close()
        assert {server.ask(PRODUCT).json["name"] for _ in range(6)} == {"Jar"}

        with redis.Redis.from_url(empty_redis) as client:
            client.client_kill_filter(_type="normal", skipme=True)
        assert {server.ask(PRODUCT).status for _ in range(6)} == {200}


@pytest.fixture
def alone(empty_redis: str) -> Iterator[Server]:
    """One worker over a Redis."""
    with Server(stored(empty_redis), "--workers", "1") as server:
        yield server


async def _status(server: Server, head: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head)
    answered = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answered.split()[1]


async def _statuses(server: Server, head: bytes, callers: int) -> set[bytes]:
    """Of callers that ask at once."""
    asked = (_status(server, head) for _ in range(callers))
    return set(await asyncio.gather(*asked))


def test_callers_wait_for_a_connection_and_are_answered(alone: Server) -> None:
    """More of them than a worker has connections to Redis."""
    key = f"Authorization: Bearer {alone.store.keys['both']}\r\n"
    head = f"GET {PRODUCT} HTTP/1.1\r\nHost: x\r\n{key}\r\n".encode()

    for _ in range(3):
        assert asyncio.run(_statuses(alone, head, 300)) == {b"200"}


def test_health_checks_of_strangers_cost_redis_nothing(alone: Server) -> None:
    url = str(alone.store.path)
    with redis.Redis.from_url(url) as client:
        before = client.info("stats")["total_commands_processed"]
        for path in (b"/readyz", b"/healthz"):
            head = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
            assert asyncio.run(_statuses(alone, head, 200)) == {b"200"}
        after = client.info("stats")["total_commands_processed"]

    assert after - before < 40


def test_a_redis_without_a_store_is_refused(empty_redis: str) -> None:
    with pytest.raises(AssertionError, match="PERSONALIZATION_STORE"):
        Server(Stored(empty_redis, {}))
