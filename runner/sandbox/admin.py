"""Answers for the sandbox itself: the page, its data, and the tests' way in.

Must not be reachable from other machines or through a foreign web page: it has no key.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from . import overview, strict_json
from . import state as states
from .damage import REDIRECTED
from .state import State
from .wire import Answer, Request

_PAGE: Final = Path(__file__).with_name("page.html")
_SECURE: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; frame-ancestors 'none'"
    ),
}


def is_admin(request: Request) -> bool:
    """Say whether a request is for the sandbox rather than for Braze."""
    path = request.path
    return path == "/" or (path.startswith("/sandbox/") and path != REDIRECTED)


def respond(state: State, request: Request, *, peer: str) -> Answer:
    """Answer one request of the page or of a test."""
    host = _hostname(request.headers.get("host", ""))
    # The Host check keeps a web page from reading us by a DNS name of its own.
    if not _is_loopback(peer) or not (host == "localhost" or _is_loopback(host)):
        return _json(403, {"message": "The sandbox talks to this machine only"})
    route = ROUTES.get((request.method, request.path))
    if route is None:
        return _json(404, {"message": f"No such page: {request.path}"})
    try:
        return route(state, request)
    except ValueError as error:
        return _json(400, {"message": str(error)})


def _page(_: State, __: Request) -> Answer:
    return Answer(
        200,
        _PAGE.read_bytes(),
        content_type="text/html; charset=utf-8",
        headers=_SECURE,
    )


def _put_faults(state: State, request: Request) -> Answer:
    config = strict_json.parse(request.body or b"{}")
    states.set_faults(state, config)
    return _json(200, state.faults.config)


def _reset(state: State, _: Request) -> Answer:
    states.reset(state)
    return _json(200, {"message": "success"})


def _overview(state: State, request: Request) -> Answer:
    return _json(200, overview.page_data(state, _asked(request, "search")))


def _profile(state: State, request: Request) -> Answer:
    view = overview.one_profile(state, _asked(request, "key"))
    return _json(200 if view else 404, view or {"message": "No such profile"})


def _catalog(state: State, request: Request) -> Answer:
    view = overview.one_catalog(state, _asked(request, "name"))
    return _json(200 if view else 404, view or {"message": "No such catalog"})


def _asked(request: Request, name: str) -> str:
    return request.query.get(name, [""])[-1]


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(status: int, content: Any) -> Answer:
    return Answer(status, json.dumps(content).encode(), headers=_SECURE)


ROUTES: Final[dict[tuple[str, str], Callable[[State, Request], Answer]]] = {
    ("GET", "/"): _page,
    ("GET", "/sandbox/profiles"): lambda state, _: _json(
        200, states.all_profiles(state)
    ),
    ("GET", "/sandbox/requests"): lambda state, _: _json(
        200, states.all_requests(state)
    ),
    ("GET", "/sandbox/meters"): lambda state, _: _json(200, states.all_meters(state)),
    ("GET", "/sandbox/events"): lambda state, _: _json(200, states.all_events(state)),
    ("GET", "/sandbox/purchases"): lambda state, _: _json(
        200, states.all_purchases(state)
    ),
    ("GET", "/sandbox/catalogs"): lambda state, _: _json(
        200, states.all_catalogs(state)
    ),
    ("GET", "/sandbox/cohorts"): lambda state, _: _json(200, states.all_cohorts(state)),
    ("GET", "/sandbox/collected"): lambda state, _: _json(
        200, states.all_collected(state)
    ),
    ("GET", "/sandbox/bodies"): lambda state, _: _json(200, states.last_bodies(state)),
    ("GET", "/sandbox/faults"): lambda state, _: _json(200, state.faults.config),
    ("PUT", "/sandbox/faults"): _put_faults,
    ("POST", "/sandbox/reset"): _reset,
    ("GET", "/sandbox/overview"): _overview,
    ("GET", "/sandbox/profile"): _profile,
    ("GET", "/sandbox/catalog"): _catalog,
}
