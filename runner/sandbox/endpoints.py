"""Answers requests as Braze does: key, permission, rate, faults, then the endpoint.

Must not touch sockets; rules of a request's content belong to the endpoints' modules.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from . import faults, strict_json, users
from .meters import Received, Window
from .state import State, begin, tell_wait
from .track import count_objects
from .wire import Answer, Request

REDIRECTED = "/sandbox/redirected"
_LIMIT, _REMAINING, _RESET, _RETRY_AFTER = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-retry-after",
)
_CREATED = 201
_BROKEN: Final = Answer(500, b'{"message":"Internal Server Error"}')
_HTML: Final = b"<html><body><h1>%s</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The permission a key needs, and what answers; `is_limited` by the rate window."""

    permission: str
    handle: Callable[[State, Any, Received], tuple[int, dict[str, Any]]]
    is_limited: bool = False


ENDPOINTS: Final = {
    ("POST", "/users/track"): Endpoint("users.track", users.track, is_limited=True),
    ("POST", "/users/export/ids"): Endpoint("users.export.ids", users.export_ids),
}


def respond(state: State, request: Request) -> Answer:
    """Answer one request and complete its record."""
    received = begin(state, request)
    if request.path == REDIRECTED:
        # A runner that follows the redirect believes this and loses the batch.
        answer = _json(201, {"message": "success"})
    else:
        answer = _authorised(state, request, received)
    received.status = 0 if answer.delivery == "none" else answer.status
    return answer


def _authorised(state: State, request: Request, received: Received) -> Answer:
    endpoint = ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _json(404, {"message": "Invalid URL"})
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    if key != state.settings.api_key:
        empty = dict.fromkeys((_LIMIT, _REMAINING, _RESET), "")
        return _json(401, {"message": f"Invalid API key: {key}"}, headers=empty)
    allowed = state.settings.permissions
    if allowed is not None and endpoint.permission not in allowed:
        return _json(403, {"message": "Access Denied"})
    return _within_limits(state, endpoint, request, received)


def _within_limits(
    state: State, endpoint: Endpoint, request: Request, received: Received
) -> Answer:
    now, dialect = state.settings.clock(), state.settings.dialect
    headers: dict[str, str] = {}
    content = _content(request)
    if not isinstance(content, Answer):
        received.objects = count_objects(content)
    with state.lock:
        if endpoint.is_limited:
            window = state.window.take(now)
            if window.is_over:
                return _wait(state, window, now=now, dialect=dialect)
            headers = _rate_headers(window, now=now, dialect=dialect)
        received.fault = kind = faults.draw(state.faults, request.path)
        if kind and not faults.KINDS[kind].is_applied:
            return _refusing_fault(state, kind, now=now)
    if isinstance(content, Answer):
        answer = content
    else:
        answer = _json(*endpoint.handle(state, content, received))
    answer = replace(answer, headers=headers)
    return _with_fault(answer, kind, delay=state.faults.slow_seconds)


def _content(request: Request) -> Any:
    """Return the parsed body, or the answer that refuses it."""
    if request.body is None:
        return _too_large()
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != "application/json":
        return _json(415, {"message": "Content-Type must be application/json"})
    try:
        return strict_json.parse(request.body)
    except ValueError as error:
        return _json(400, {"message": f"Malformed JSON: {error}"})


def _wait(state: State, window: Window, *, now: float, dialect: str) -> Answer:
    """Build a 429; the lock must be held."""
    message = {"message": "Rate limit exceeded"}
    if dialect == "epoch":
        headers = _rate_headers(window, now=now, dialect=dialect)
        tell_wait(state, seconds=math.ceil(window.resets_at) - now)
    else:
        seconds = math.ceil(window.resets_at - now)
        headers = {_RETRY_AFTER: str(seconds)}
        tell_wait(state, seconds=seconds)
    return _json(429, message, headers=headers)


def _rate_headers(window: Window, *, now: float, dialect: str) -> dict[str, str]:
    reset = window.resets_at if dialect == "epoch" else window.resets_at - now
    return {
        _LIMIT: str(window.limit),
        _REMAINING: str(window.remaining),
        _RESET: str(math.ceil(reset)),
    }


def _refusing_fault(state: State, kind: str, *, now: float) -> Answer:
    """Build the answer of a fault that applies nothing; the lock must be held."""
    if kind.startswith("429"):
        seconds = state.faults.wait_seconds
        limit = state.settings.rate_limit or (3000, 3.0)
        # No wait must not become one by rounding up.
        ends = now + seconds if seconds else math.floor(now)
        window = Window(limit[0], remaining=0, resets_at=ends, is_over=True)
        dialect = "epoch" if kind == "429_epoch" else "seconds"
        return _wait(state, window, now=now if seconds else ends, dialect=dialect)
    match kind:
        case "500":
            return _BROKEN
        case "503_html":
            return _html(503, b"Service Unavailable")
        case "html_200":
            return _html(200, b"Welcome")
        case "redirect":
            return Answer(307, headers={"location": REDIRECTED})
    return _too_large()


def _with_fault(answer: Answer, kind: str | None, *, delay: float) -> Answer:
    """Damage the answer to a request that was applied."""
    changes: dict[str, Any] = {}
    match kind:
        case "lost_answer":
            changes = {"delivery": "none"}
        case "truncated_json":
            changes = {"delivery": "cut"}
        case "slow":
            changes = {"delay": delay}
        case "500_applied" if answer.status == _CREATED:
            changes = {"status": 500, "body": _BROKEN.body}
        case "no_message" if answer.status == _CREATED:
            changes = {"body": b"{}"}
        case "202_queued" if answer.status == _CREATED:
            changes = {"status": 202, "body": b'{"message":"queued"}'}
    return replace(answer, **changes)


def _json(
    status: int, content: dict[str, Any], *, headers: dict[str, str] | None = None
) -> Answer:
    body = json.dumps(content, separators=(",", ":")).encode()
    return Answer(status, body, headers=headers or {})


def _html(status: int, title: bytes) -> Answer:
    return Answer(status, _HTML % title, content_type="text/html")


def _too_large() -> Answer:
    return Answer(413, b"Request Entity Too Large", content_type="text/plain")
