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

LOCK_SECONDS = 30
"""How long a writer that was killed stands in the way of the next."""

_LOCK = f"{PREFIX}lock"
_EPOCH = f"{PREFIX}epoch"
_PAUSE = 0.1


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
            pipe.set(_LOCK, self._epoch, px=LOCK_SECONDS * 1_000)
            yield pipe
            try:
                pipe.execute()
            except WatchError:
                raise self._taken_over() from None

    def release(self) -> None:
        """Let the next writer begin at once."""
        with self.batch() as pipe:
            pipe.delete(_LOCK)

    def _taken_over(self) -> StoreError:
        return StoreError(
            f"{self._url}: another process writes this store since this one paused for "
            f"{LOCK_SECONDS} s. What was shown before still is; push again."
        )


@contextmanager
def alone(client: Client, url: str) -> Iterator[Writer]:
    """Write while nobody else does; StoreError when somebody does not end."""
    take = client.register_script(layout.LOCK)
    deadline = time.monotonic() + LOCK_SECONDS + 5
    while not (
        epoch := take(
            keys=[_LOCK, _EPOCH], args=[uuid.uuid4().hex, LOCK_SECONDS * 1_000]
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
        # Out of reach or taken over: the lock ends by itself, or is another's.
        with suppress(RedisError, StoreError):
            writer.release()
