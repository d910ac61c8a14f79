"""One writer at a time in Redis, and none that writes after another took over."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis.exceptions import ConnectionError as LostError
from redis.exceptions import RedisError, WatchError

from . import redis_layout as layout
from .errors import StoreError
from .redis_client import PREFIX, Client

LOCK_SECONDS = 30.0
"""How long a writer that was killed stands in the way of the next."""
LAST_SECONDS = 5.0
"""The same from its commit on: what it does then is done in short steps."""

_LOCK = f"{PREFIX}lock"
_EPOCH = f"{PREFIX}epoch"
_PAUSE = 0.1
_PATIENCE = 5.0
"""Seconds to wait after a lock should have ended."""


class Writer:
    """Writes batches while its epoch lasts, each of them whole or not at all."""

    def __init__(self, client: Client, url: str, epoch: int) -> None:
        self.client = client
        self._url = url
        self._epoch = epoch
        self._seconds = LOCK_SECONDS

    @contextmanager
    def batch(self) -> Iterator[Any]:
        """Commands to be run as one when the block ends."""
        with self._fenced() as pipe:
            pipe.set(_LOCK, self._epoch, px=_milliseconds(self._seconds))
            yield pipe

    def hurry(self) -> None:
        """Begin to commit: should Redis be lost now, the lock soon ends by itself."""
        self._seconds = min(LOCK_SECONDS, LAST_SECONDS)
        with self.batch():
            pass

    def give_back(self, *keys: str) -> None:
        """Remove keys if that can be done; else the next push will."""
        # A Redis that is full lets nothing be set, but lets keys be removed.
        with suppress(RedisError, StoreError), self._fenced() as pipe:
            pipe.unlink(*keys)

    def release(self) -> None:
        """Let the next writer begin at once, if that can be done.

        Out of reach or taken over: the lock ends by itself, or is another's.
        """
        with suppress(RedisError, StoreError), self._fenced() as pipe:
            pipe.delete(_LOCK)

    @contextmanager
    def _fenced(self) -> Iterator[Any]:
        """Commands that are run as one, unless another writer took over."""
        with self.client.pipeline(transaction=True) as pipe:
            pipe.watch(_EPOCH)
            if int(pipe.get(_EPOCH) or 0) != self._epoch:
                raise self._taken_over()
            pipe.multi()
            yield pipe
            try:
                pipe.execute()
            except WatchError as error:
                # redis-py says the same of a connection that was lost meanwhile.
                if int(self.client.get(_EPOCH) or 0) != self._epoch:
                    raise self._taken_over() from None
                raise LostError(str(error)) from None

    def _taken_over(self) -> StoreError:
        return StoreError(
            f"{self._url}: another process writes this store since this one paused for "
            f"{self._seconds:g} s. What was shown before still is; push again."
        )


@contextmanager
def alone(client: Client, url: str) -> Iterator[Writer]:
    """Write while nobody else does; StoreError when somebody does not end."""
    take = client.register_script(layout.LOCK)
    deadline = time.monotonic() + LOCK_SECONDS + _PATIENCE
    while not (
        epoch := take(
            keys=[_LOCK, _EPOCH], args=[uuid.uuid4().hex, _milliseconds(LOCK_SECONDS)]
        )
    ):
        if time.monotonic() > deadline:
            msg = f"{url}: another process writes this store. Wait for it to end."
            raise StoreError(msg)
        time.sleep(_PAUSE)
    writer = Writer(client, url, epoch)
    try:
        yield writer
    finally:
        writer.release()


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1_000)
