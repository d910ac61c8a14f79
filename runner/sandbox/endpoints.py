"""Answers requests as Braze does: key, permission, rate, faults, then the endpoint.

Must not touch sockets; rules of a request's content belong to the endpoints' modules.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any, Final

from . import damage, faults, flights, rates, strict_json
from .answers import TOO_LARGE, in_json
from .api import routes
from .api.routes import Endpoint
from .calls import Call
from .meters import Received, Window
from .partial import REFUSING
from .state import State, begin, tell_wait
from .wire import Answer, Request

POISONED = "The request could not be processed"
_NO_ENDPOINT_POOL: Final = "shared"
_SUCCESS: Final = range(200, 300)
_EMPTY_BODIES: Final = frozenset({"GET", "DELETE"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, its record, and what is to answer it."""

    request: Request
    received: Received
    endpoint: Endpoint
    names: tuple[str, ...]
    content: Any


def respond(state: State, request: Request) -> Answer:
    """Answer one request and complete its record."""
    found = routes.find(request.method, request.path)
    pool = found[0].pool if found else _NO_ENDPOINT_POOL
    received = begin(state, request, pool=pool)
    if request.path == damage.REDIRECTED:
        # A runner that follows the redirect believes this and loses the batch.
        answer = in_json(201, {"message": "success"})
    elif found is None:
        answer = in_json(404, {"message": "Invalid URL"})
    else:
        asked = _Asked(request, received, *found, _content(request))
        answer = _unauthorised(state, asked) or _within_limits(state, asked)
    received.status = 0 if answer.delivery == "none" else answer.status
    return answer


def _unauthorised(state: State, asked: _Asked) -> Answer | None:
    permission = asked.endpoint.permission
    if permission is None:
        return None
    key = asked.request.headers.get("authorization", "").removeprefix("Bearer ")
    if key != state.settings.api_key:
        message = {"message": f"Invalid API key: {key}"}
        return in_json(401, message, headers=rates.UNAUTHORISED)
    allowed = state.settings.permissions
    if allowed is not None and permission not in allowed:
        return in_json(403, {"message": "Access Denied"})
    return None


def _within_limits(state: State, asked: _Asked) -> Answer:
    pool, received, content = asked.endpoint.pool, asked.received, asked.content
    now = state.settings.clock()
    dialect = rates.dialect_of(pool, state.settings.dialect)
    is_good = not isinstance(content, Answer)
    users = asked.endpoint.touched(content) if is_good else set()
    locked = asked.endpoint.locks(content) if is_good else None
    received.objects = asked.endpoint.count(content) if is_good else 0
    with state.lock:
        window = state.windows[pool].take(now)
        if window.is_over:
            return _wait(state, window, pool=pool, now=now, dialect=dialect)
        received.fault = kind = _drawn(state, asked)
        if kind and not faults.KINDS[kind].is_applied:
            return _refusing_fault(state, kind, pool=pool, now=now)
        if locked is not None and locked in state.flights.locked:
            return damage.LOCKED
        aloft = state.flights
        aloft.take_off(users, locked)
    try:
        answer = _handled(state, asked)
        headers = rates.headers(window, now=now, dialect=dialect)
        answer = replace(answer, headers={**headers, **answer.headers})
        answer = damage.damaged(answer, kind, delay=state.faults.slow_seconds)
        if answer.delay:
            time.sleep(answer.delay)
    finally:
        with state.lock:
            # Not `state.flights`: a reset may have come in between.
            aloft.land(users, locked)
            state.meters.rejected += received.rejected
            state.meters.objects += received.queued
    return answer


def _drawn(state: State, asked: _Asked) -> str | None:
    """Draw a fault; one that cannot happen at this endpoint does not."""
    request = asked.request
    kind = faults.draw(state.faults, request.path, is_read=request.method == "GET")
    if kind in REFUSING and not asked.endpoint.has_errors:
        return None
    return None if kind == "lost_items" and not _takes_items(asked) else kind


def _takes_items(asked: _Asked) -> bool:
    return asked.endpoint.pool == "catalog_items"


def _handled(state: State, asked: _Asked) -> Answer:
    content, received = asked.content, asked.received
    if isinstance(content, Answer):
        return content
    if state.faults.poison and faults.is_poisoned(state.faults, flights.named(content)):
        received.fault = "poison"
        return in_json(400, {"message": POISONED})
    call = Call(content, received, asked.names, asked.request.query)
    reply = asked.endpoint.handle(state, call)
    if reply.status in _SUCCESS:
        received.queued = received.objects - received.rejected
    return in_json(reply.status, reply.content, headers=reply.headers)


def _content(request: Request) -> Any:
    """Return the parsed body, or the answer that refuses it."""
    if request.body is None:
        return TOO_LARGE
    if not request.body and request.method in _EMPTY_BODIES:
        return {}
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != "application/json":
        return in_json(415, {"message": "Content-Type must be application/json"})
    try:
        return strict_json.parse(request.body)
    except ValueError as error:
        return in_json(400, {"message": f"Malformed JSON: {error}"})


def _wait(
    state: State, window: Window, *, pool: str, now: float, dialect: str
) -> Answer:
    """Build a 429; the lock must be held."""
    headers, seconds = rates.refusal(window, now=now, dialect=dialect)
    tell_wait(state, pool=pool, seconds=seconds)
    return in_json(429, {"message": "Rate limit exceeded"}, headers=headers)


def _refusing_fault(state: State, kind: str, *, pool: str, now: float) -> Answer:
    """Build the answer of a fault that applies nothing; the lock must be held."""
    if not kind.startswith("429"):
        return damage.refusing(kind)
    seconds = state.faults.wait_seconds
    limit = state.windows[pool].limit or 3000
    # No wait must not become one by rounding up.
    ends = now + seconds if seconds else math.floor(now)
    window = Window(limit, remaining=0, resets_at=ends, is_over=True)
    dialect = "epoch" if kind == "429_epoch" else "seconds"
    begins = now if seconds else ends
    return _wait(state, window, pool=pool, now=begins, dialect=dialect)
