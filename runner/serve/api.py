"""From a request to a reply: routes, keys, and what goes wrong on the way.

Touches no socket. A good key is never turned away for what strangers do.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..store.access import AccessKey
from ..store.definition import Held
from ..store.errors import StoreError
from ..store.interface import Reader
from .collections import listing
from .door import Door, Find, Strangers
from .openapi import DOCUMENT
from .page import PAGE, PAGE_HEADERS
from .readiness import LOST, Kept, not_ready
from .records import NOWHERE, Records
from .reply import (
    BAD_URL,
    COMMON,
    FAULT,
    JSON,
    NO_ROUTE,
    NOT_ALLOWED,
    NOT_READY,
    STORE_UNAVAILABLE,
    TOO_LONG,
    TOO_MANY,
    UNAUTHORIZED,
    Headers,
    Place,
    Problem,
    Reply,
    Request,
)

MOST_URL = 2_048
"""Characters of path and query; Braze's own URLs are far shorter."""

CHECKS = frozenset({"/healthz", "/readyz"})
_COLLECTIONS = "/v1/collections"
_RECORDS = f"{_COLLECTIONS}/"
_ELSEWHERE = Place("")

Handler = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the API needs of its surroundings."""

    metrics: Callable[[dict[str, Held], Collection[str]], bytes]
    """Renders the metrics, and what is held, of some collections."""
    complain: Callable[[str], None]
    """Tells a person what is wrong, once a request."""
    max_age: timedelta | None = None
    is_lost: Callable[[], bool] = lambda: False
    """Whether the store is not at its place any more, or another one that is broken."""


class Api:
    """Answers requests from a store's reader, and keys by their ids."""

    def __init__(
        self, reader: Reader, find: Find, told: Told, strangers: Strangers
    ) -> None:
        self._reader = reader
        self._records = Records(reader)
        self._kept = Kept(reader.held)
        self._door = Door(find)
        self._strangers = strangers
        self._told = told
        self._handlers: dict[str, Handler] = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._metrics,
            _COLLECTIONS: self._collections,
            "/openapi.json": self._openapi,
            "/": self._page,
        }
        self._places = {path: Place(path) for path in self._handlers}

    async def answer(self, request: Request) -> Reply:
        """Answer a request; whatever goes wrong is a reply, too."""
        path = request.path
        try:
            refusal = _refusal(request.method, path, request.query_string)
            if refusal:
                return await self._refuse(request, refusal, self._place(path))
            if path.startswith(_RECORDS):
                return await self._record(request, path)
            handler = self._handlers.get(path)
            if handler is None:
                return await self._refuse(request, NO_ROUTE, _ELSEWHERE)
            return await handler(request)
        except StoreError as error:
            self._told.complain(str(error))
            return _problem(STORE_UNAVAILABLE, self._place(path))
        except Exception as error:  # noqa: BLE001 - the last net: no stack leaves
            self._told.complain(f"a request failed: {type(error).__name__}")
            return _problem(FAULT, self._place(path))

    def _place(self, path: str) -> Place:
        if path.startswith(_RECORDS):
            return NOWHERE
        return self._places.get(path, _ELSEWHERE)

    async def _record(self, request: Request, path: str) -> Reply:
        # Six slashes: a value may hold more of them, since it comes percent-decoded.
        parts = path.split("/", 6)
        if len(parts) != 7 or parts[4] != "records":
            return await self._refuse(request, NO_ROUTE, _ELSEWHERE)
        headers = request.headers
        key = await self._door.open(headers.get_all("authorization"))
        if key is None:
            return self._send_away(NOWHERE)
        asked = (parts[3], parts[5], parts[6])
        return await self._records.reply(key, asked, headers.get("if-none-match"))

    # -- those without a good key

    async def _key(self, request: Request) -> AccessKey | None:
        return await self._door.open(request.headers.get_all("authorization"))

    async def _is_welcome(self, request: Request) -> bool:
        """Whether a request that needs no key is answered; only a crowd is not.

        Asks for a key in a crowd alone, so that the store may be out of reach.
        """
        return self._strangers.may() or await self._key(request) is not None

    async def _refuse(self, request: Request, problem: Problem, place: Place) -> Reply:
        return _problem(problem if await self._is_welcome(request) else TOO_MANY, place)

    def _send_away(self, place: Place) -> Reply:
        return _problem(UNAUTHORIZED if self._strangers.may() else TOO_MANY, place)

    async def _open(self, request: Request, place: Place) -> AccessKey | Reply:
        """Return the key of the request, or the reply to one without."""
        key = await self._key(request)
        return self._send_away(place) if key is None else key

    # -- other resources

    async def _health(self, _: Request) -> Reply:
        place = self._places["/healthz"]
        return _json({"status": "ok"}, place, cache="no-store")

    async def _readiness(self, _: Request) -> Reply:
        place = self._places["/readyz"]
        held = await self._kept.held()
        told = self._told
        reason = LOST if told.is_lost() else None
        reason = reason or not_ready(held, told.max_age, datetime.now(UTC))
        if reason is None:
            said = {"status": "ready", "collections": len(held)}
            return _json(said, place, cache="no-store")
        problem = Problem(NOT_READY.status, NOT_READY.code, reason)
        return _problem(problem, place)

    async def _metrics(self, request: Request) -> Reply:
        place = self._places["/metrics"]
        key = await self._open(request, place)
        if isinstance(key, Reply):
            return key
        held = await self._reader.held()
        seen = {name: each for name, each in held.items() if name in key.collections}
        text = self._told.metrics(seen, key.collections)
        kind = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
        headers = [*COMMON, kind, ("cache-control", "no-store")]
        return Reply(200, headers, text, place, key.id)

    async def _collections(self, request: Request) -> Reply:
        place = self._places[_COLLECTIONS]
        key = await self._open(request, place)
        if isinstance(key, Reply):
            return key
        found = listing(await self._reader.held(), key)
        return _json(found, place, cache="no-store", key_id=key.id)

    async def _openapi(self, request: Request) -> Reply:
        return await self._public(request, _document_headers(), DOCUMENT)

    async def _page(self, request: Request) -> Reply:
        return await self._public(request, [*COMMON, *PAGE_HEADERS], PAGE)

    async def _public(self, request: Request, headers: Headers, body: bytes) -> Reply:
        place = self._place(request.path)
        if not await self._is_welcome(request):
            return _problem(TOO_MANY, place)
        return Reply(200, headers, body, place)


def _refusal(method: str, path: str, query: str) -> Problem | None:
    """What is wrong with a request whatever it asks for."""
    if method not in {"GET", "HEAD"}:
        return NOT_ALLOWED
    if len(path) + len(query) > MOST_URL:
        return TOO_LONG
    # The HTTP server decodes; what is no UTF-8 arrives as the replacement character.
    if "\ufffd" in path or "\0" in path:
        return BAD_URL
    # `u1?x` that nobody encoded is another value than u1.
    return BAD_URL if query and path.startswith(_RECORDS) else None


def _problem(problem: Problem, place: Place, key_id: str = "") -> Reply:
    return Reply(problem.status, problem.headers, problem.body, place, key_id)


def _document_headers() -> Headers:
    return [*COMMON, ("content-type", JSON), ("cache-control", "no-cache")]


def _json(said: object, place: Place, *, cache: str, key_id: str = "") -> Reply:
    headers = [*COMMON, ("content-type", JSON), ("cache-control", cache)]
    return Reply(200, headers, json.dumps(said).encode(), place, key_id)
