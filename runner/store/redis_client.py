"""Connections to Redis, and its errors as sentences.

Every key of ours begins with one tag in braces, so that a cluster keeps them together
and a script may touch all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ConstantBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    RedisError,
)

from .errors import StoreError, StoreMissing

PREFIX = "{braze_bridge}:"
FORMAT_KEY = f"{PREFIX}format"
NOTES = f"{PREFIX}notes"
STAMPS = f"{PREFIX}stamps"
KEYS = f"{PREFIX}keys"

_CONNECT_SECONDS = 5.0
_WRITE_SECONDS = 60.0
FIND_SECONDS = 1.5
"""Braze waits two seconds and no longer."""
_MOST_CONNECTIONS = 32
"""Of one server process; Redis takes one command at a time however many there are."""

Client = Any
"""A `redis.Redis` whose answers are bytes; its own types cannot say so."""


def connect(url: str, seconds: float = _WRITE_SECONDS) -> Client:
    """A connection that waits for so long for an answer."""
    with _reading(url):
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=seconds,
        )


def connect_reader(url: str) -> Client:
    """Connections for a server: a lost one is made again once, and soon.

    Who comes while all are in use waits for one.
    """
    with _reading(url):
        return redis.asyncio.Redis.from_pool(
            redis.asyncio.BlockingConnectionPool.from_url(
                url,
                max_connections=_MOST_CONNECTIONS,
                timeout=FIND_SECONDS,
                socket_connect_timeout=FIND_SECONDS,
                socket_timeout=FIND_SECONDS,
                retry=AsyncRetry(ConstantBackoff(0.01), 1),
            )
        )


def shown(url: str) -> str:
    """The URL without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@contextmanager
def naming(url: str) -> Iterator[None]:
    """Turn Redis' errors into StoreError; `url` is the one that may be shown."""
    try:
        yield
    except StoreError as error:
        raise error.at(url) from None
    except (AuthenticationError, NoPermissionError) as error:
        msg = (
            f"{url}: Redis refuses this user: {error}. Check the user and password in "
            "PERSONALIZATION_STORE, and what the user may do."
        )
        raise StoreError(msg) from None
    except OutOfMemoryError as error:
        msg = (
            f"{url}: no room for the store: {error}. Raise maxmemory, then push again."
        )
        raise StoreError(msg) from None
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        msg = (
            f"{url}: Redis cannot be reached: {error}. Check PERSONALIZATION_STORE and "
            "whether Redis is running."
        )
        raise StoreError(msg) from None
    except RedisError as error:
        msg = f"{url}: Redis answered otherwise than expected: {error}."
        raise StoreError(msg) from None


@contextmanager
def _reading(url: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        msg = f"PERSONALIZATION_STORE: {shown(url)} is no URL of a Redis: {error}."
        raise StoreMissing(msg) from None
