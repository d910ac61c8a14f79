"""The API as granian calls it: one object for each worker process.

Beside requests it keeps the counts, watches over its parent, and stops gently: before a
worker leaves it asks callers to come back on a new connection.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ..errors import RunnerError
from ..store import open_store
from ..store.definition import Held
from ..store.interface import Reader, Store
from .access_log import AccessLog
from .api import CHECKS, Api, Told
from .complaints import Complaints
from .door import Strangers
from .guesses import Guarded
from .metrics import render
from .replaced import Places
from .reply import Reply
from .tally import Tally, total

_BEAT_SECONDS = 1.0
_STRANGERS_A_SECOND = 1_000.0
"""Answered by all workers together; the others are sent away."""
_THIS_MACHINE = ("127.", "[::1]", "::1")
_FAREWELL_SECONDS = 0.5
"""Between "come back on a new connection" and the end of the old ones."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker process is started with."""

    store: str
    counts: Path
    """Folder where the workers leave their counts."""
    parent: int
    workers: int
    access_log: bool
    max_age: timedelta | None


class Worker:
    """Answers requests in one process; granian calls the three methods of RSGI."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._strangers = Strangers(
            a_second=_STRANGERS_A_SECOND / work.workers,
            at_once=2 * _STRANGERS_A_SECOND / work.workers,
        )
        self._is_lost = self._was_wrong = False
        self._told = Told(
            self._metrics, Complaints(), work.max_age, lambda: self._is_lost
        )
        self._open()
        self._tally = Tally(work.counts)
        self._log = AccessLog() if work.access_log else None
        self._names = _request_ids()
        self._is_leaving = False
        self._beat: asyncio.Task[None] | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Granian stops at once on SIGTERM and on SIGINT; this comes before the first.
        loop.add_signal_handler(signal.SIGTERM, self._leave, loop)
        # What is here now stays: the collector need not look at it again and again.
        gc.freeze()
        self._beat = loop.create_task(self._keep_beat())

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        began = time.perf_counter()
        reply = await self._api.answer(scope)
        request_id = self._names()
        headers = reply.headers
        headers.append(("x-request-id", request_id))
        if self._is_leaving or not (reply.key_id or _is_check(scope, reply)):
            # Strangers could hold all connections that a worker may have.
            headers.append(("connection", "close"))
        method = scope.method
        # The body goes along with HEAD too: its length is told, itself it is not sent.
        protocol.response_bytes(reply.status, headers, reply.body)
        size = len(reply.body) if method != "HEAD" else 0
        seconds = time.perf_counter() - began
        self._tally.add(reply, size, seconds)
        if self._log:
            self._log.add(request_id, method, reply, size, seconds)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._beat:
            self._beat.cancel()
        self._keep_counts()
        if self._log:
            self._log.close()
        loop.run_until_complete(self._close(self._store, self._reader, self._places))
        if os.getppid() != self._work.parent:
            # It was killed and cannot clean up after itself.
            shutil.rmtree(self._work.counts, ignore_errors=True)

    def _open(self) -> None:
        """Open what is at the store's place now; raises StoreError or StoreMissing."""
        store = open_store(self._work.store)
        try:
            reader, places = store.reader(), Places(self._work.store)
        except BaseException:
            store.close()
            raise
        self._store, self._reader, self._places = store, reader, places
        self._is_open = True
        # Keys in a folder are quicker read than guarded.
        is_far = "://" in self._work.store
        find = Guarded(store.keys).find if is_far else store.keys.find
        self._api = Api(reader, find, self._told, self._strangers)

    async def _close(self, store: Store, reader: Reader, places: Places) -> None:
        places.close()
        await reader.close()
        store.close()

    async def _follow(self) -> None:
        """Look at the store's place; what is wrong there for long is told."""
        found = self._places.look()
        wrong = ""
        if found == "gone":
            wrong = (
                f"{self._store.url}: the store is not there any more. Put it back; "
                "until then what was open is served."
            )
        elif found != "same" or not self._is_open:
            wrong = await self._open_anew(found)
        # One store takes another's place in two steps: the first look may fall between.
        self._is_lost, self._was_wrong = self._was_wrong and bool(wrong), bool(wrong)
        if self._is_lost:
            self._told.complain(wrong)

    async def _open_anew(self, replaced: str) -> str:
        """Go over to another store that has taken the place of the one that is open.

        Returns why it cannot be opened; then the one before is served.
        """
        before = (self._store, self._reader, self._places)
        try:
            if replaced == "folders":
                self._open()
                await self._close(*before)
                return ""
            # LMDB opens a folder once in a process.
            self._places.check()
            if self._is_open:
                self._is_open = False
                await self._close(*before)
            self._open()
        except (RunnerError, OSError) as error:
            return str(error)
        return ""

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_leaving = True
        loop.call_later(_FAREWELL_SECONDS, os.kill, os.getpid(), signal.SIGINT)

    async def _keep_beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            self._keep_counts()
            await self._follow()
            if os.getppid() != self._work.parent and not self._is_leaving:
                # The parent was killed: nobody would stop this worker any more.
                os.kill(os.getpid(), signal.SIGTERM)

    def _keep_counts(self) -> None:
        self._tally.lines_dropped = self._log.dropped if self._log else 0
        try:
            self._tally.keep()
        except OSError as error:
            self._told.complain(f"Metrics cannot be kept: {error}. Make room for them.")

    def _metrics(self, held: dict[str, Held], collections: Collection[str]) -> bytes:
        self._keep_counts()
        return render(total(self._work.counts).only(collections), held)


def _is_check(scope: Any, reply: Reply) -> bool:
    """Whether this machine, such as a proxy on it, asks how the server is."""
    return reply.place.route in CHECKS and scope.client.startswith(_THIS_MACHINE)


def _request_ids() -> Callable[[], str]:
    """Ids that no other worker gives, without a look at the system's randomness."""
    prefix, count = secrets.token_hex(5), 0

    def following() -> str:
        nonlocal count
        count += 1
        return f"{prefix}{count:08x}"

    return following
