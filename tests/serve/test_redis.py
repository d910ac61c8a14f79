"""A store in a real Redis is served as one in a folder is."""

from __future__ import annotations

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


def test_a_redis_without_a_store_is_refused(empty_redis: str) -> None:
    with pytest.raises(AssertionError, match="PERSONALIZATION_STORE"):
        Server(Stored(empty_redis, {}))
