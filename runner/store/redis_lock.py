"""One writer at a time in Redis, and none that writes after another took over."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis.exceptions import RedisError, WatchError

from . import redis_layout as layout
from .errors import StoreError
from .redis_client import PREFIX, Client

LOCK_SECONDS = 30.0
"""How long a writer that was killed stands in the way of the next."""

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

    @contextmanager
    def batch(self) -> Iterator[Any]:
        """Commands to be run as one when the block ends."""
        with self.client.pipeline(transaction=True) as pipe:
            pipe.watch(_EPOCH)
            if int(pipe.get(_EPOCH) or 0) != self._epoch:
                raise self._taken_over()
            pipe.multi()
            pipe.set(_LOCK, self._epoch, px=_milliseconds())
            yield pipe
            try:
                pipe.execute()
            except WatchError:
                raise self._taken_over() from None

    def give_back(self, *keys: str) -> None:
        """Remove keys if that can be done; else the next push will."""
        with suppress(RedisError, StoreError), self.batch() as pipe:
            pipe.unlink(*keys)

    def release(self) -> None:
        """Let the next writer begin at once, if that can be done.

        Out of reach or taken over: the lock ends by itself, or is another's.
        """
        with suppress(RedisError, StoreError), self.batch() as pipe:
            pipe.delete(_LOCK)

    def _taken_over(self) -> StoreError:
        return StoreError(
            f"{self._url}: another process writes this store since this one paused for "
            f"{LOCK_SECONDS:g} s. What was shown before still is; push again."
        )


@contextmanager
def alone(client: Client, url: str) -> Iterator[Writer]:
    """Write while nobody else does; StoreError when somebody does not end."""
    take = client.register_script(layout.LOCK)
    deadline = time.monotonic() + LOCK_SECONDS + _PATIENCE
    while not (
        epoch := take(keys=[_LOCK, _EPOCH], args=[uuid.uuid4().hex, _milliseconds()])
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


def _milliseconds() -> int:
    return int(LOCK_SECONDS * 1_000)
