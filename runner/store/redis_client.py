"""Connections to Redis, and its errors as sentences.

Every key of ours begins with one tag in braces, so that a cluster keeps them together
and a script may touch all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

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

from .errors import StoreError, StoreUnknown

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

_PLACE = re.compile(r"(?:(?:[\w.-]+|\[[\da-fA-F:.]+(?:%\w+)?\])(?::\d*)?)?")
_NUMBER = re.compile(r"/?\d*/?")
_COMMAND = re.compile(r"Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)
"""What redis-py puts before Redis' words: it quotes keys of records."""

Client = Any
"""A `redis.Redis` whose answers are bytes; its own types cannot say so."""


def connect(url: str, seconds: float = _WRITE_SECONDS) -> Client:
    """A connection that waits for so long for an answer."""
    with _reading():
        _parts(url)
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=seconds,
        )
        _try_options(client)
    return client


def connect_reader(url: str) -> Client:
    """Connections for a server: a lost one is made again once, and soon.

    Who comes while all are in use waits for one.
    """
    with _reading():
        _parts(url)
        client = redis.asyncio.Redis.from_pool(
            redis.asyncio.BlockingConnectionPool.from_url(
                url,
                max_connections=_MOST_CONNECTIONS,
                timeout=FIND_SECONDS,
                socket_connect_timeout=FIND_SECONDS,
                socket_timeout=FIND_SECONDS,
                retry=AsyncRetry(ConstantBackoff(0.01), 1),
            )
        )
        _try_options(client)
    return client


def shown(url: str) -> str:
    """The URL without user, password and options.

    Raises StoreUnknown where it cannot be said for sure which part of it is which.
    """
    with _reading():
        parts = _parts(url)
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
            f"{url}: Redis refuses this user: {_said(error)}. Check the user and "
            "password in PERSONALIZATION_STORE, and what the user may do."
        )
        raise StoreError(msg) from None
    except OutOfMemoryError as error:
        msg = (
            f"{url}: no room for the store: {_said(error)}. Raise maxmemory, then push "
            "again."
        )
        raise StoreError(msg) from None
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        msg = (
            f"{url}: Redis cannot be reached: {_said(error)}. Check "
            "PERSONALIZATION_STORE and whether Redis is running."
        )
        raise StoreError(msg) from None
    except RedisError as error:
        msg = f"{url}: Redis answered otherwise than expected: {_said(error)}."
        raise StoreError(msg) from None


def _said(error: Exception) -> str:
    """Redis' own words, without the command that they are about and a full stop."""
    words, is_quoted = _COMMAND.subn("", str(error))
    if is_quoted and words.startswith("("):
        # A reader's connection quotes the words as Python does a tuple.
        words = words.strip("()").rstrip(",").strip("'\"")
    return words.rstrip(".")


def _parts(url: str) -> SplitResult:
    """The parts of a URL; raises ValueError for one that may be read in two ways.

    A password with a / or a # in it, as it is, would end in the path or the options.
    """
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    rest = parts.path + parts.query + parts.fragment
    if "@" in rest or parts.fragment or not url.isprintable():
        raise ValueError
    if parts.scheme == "unix":
        is_plain = not place
    else:
        is_plain = bool(_PLACE.fullmatch(place) and _NUMBER.fullmatch(parts.path))
    if not is_plain:
        raise ValueError
    return parts


def _try_options(client: Client) -> None:
    """Raise TypeError or ValueError for options that no connection has."""
    pool = client.connection_pool
    pool.connection_class(**pool.connection_kwargs)


@contextmanager
def _reading() -> Iterator[None]:
    """Say nothing of what cannot be read: any part of it may be of the password."""
    try:
        yield
    except (ValueError, TypeError, RedisError):
        msg = (
            "PERSONALIZATION_STORE is no URL of a Redis: write special characters of "
            "the password as %XX."
        )
        raise StoreUnknown(msg) from None
