"""A collector of Movable Ink's: takes events one by one or in batches, all or none.

Must not know the runner's contracts; what an event must be is in `collector_rules`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from . import collector_rules, damage, faults, strict_json
from . import state as states
from .answers import TOO_LARGE, in_json
from .collected import Collected
from .partial import REFUSING
from .wire import Answer, Request

if TYPE_CHECKING:
    from .meters import Received
    from .state import State

POOL: Final = "movable_ink"
_PATH: Final = "/behavioral/"
_MOST_BYTES: Final = 1_000_000
_OF_COHORTS_AND_CATALOGS: Final = frozenset({"423", "lost_items", "no_message"})


class _Refused(Exception):
    """Nothing of the request is taken."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


def is_for(request: Request) -> bool:
    """Say whether a request is for Movable Ink rather than for Braze."""
    return request.path.startswith(_PATH)


def respond(state: State, request: Request) -> Answer:
    """Answer one request and complete its record."""
    received = states.begin(state, request, pool=POOL)
    account = state.settings.account
    header = request.headers.get("authorization", "")
    if request.method != "POST":
        answer = in_json(405, {"message": "Method Not Allowed"})
    elif request.path != _PATH + account.key:
        answer = in_json(404, {"message": f"No such endpoint: {request.path}"})
    elif header != f"Basic {account.authorization}":
        answer = in_json(401, {"message": f"Unknown credentials: {header}"})
    else:
        answer = _within_limits(state, request, received)
    received.status = 0 if answer.delivery == "none" else answer.status
    return answer


def _within_limits(state: State, request: Request, received: Received) -> Answer:
    now = state.settings.clock()
    with state.lock:
        window = state.windows[POOL].take(now)
        kind = faults.draw(state.faults, request.path)
        if kind in REFUSING or kind in _OF_COHORTS_AND_CATALOGS:
            kind = None
        received.fault = kind
        if window.is_over or (kind or "").startswith("429"):
            ends = window.resets_at - now if window.is_over else None
            seconds = state.faults.wait_seconds if ends is None else ends
            return _wait(state, seconds)
    if kind and not faults.KINDS[kind].is_applied:
        return damage.refusing(kind)
    try:
        answer = _taken(state, request, received)
    except _Refused as error:
        with state.lock:
            refused = state.collected.refused
            refused[str(error)] = refused.get(str(error), 0) + 1
        answer = in_json(error.status, {"message": str(error)})
    return damage.damaged(answer, kind, delay=state.faults.slow_seconds)


def _wait(state: State, seconds: float) -> Answer:
    """Build a 429; the lock must be held."""
    states.tell_wait(state, pool=POOL, seconds=seconds)
    headers = {"retry-after": str(math.ceil(seconds))}
    return in_json(429, {"message": "Too Many Requests"}, headers=headers)


def _taken(state: State, request: Request, received: Received) -> Answer:
    """Take all events of a request or raise _Refused."""
    account = state.settings.account
    if request.body is None or len(request.body) > _MOST_BYTES:
        return TOO_LARGE
    events = _events(request, account.most_events)
    received.objects = len(events)
    clock = account.clock or state.settings.clock
    now = clock()
    for event in events:
        reason = collector_rules.refusal(event, now=now)
        if reason:
            raise _Refused(reason)
    people = _people(events)
    if faults.is_poisoned(state.faults, people):
        received.fault = "poison"
        msg = "the request could not be processed"
        raise _Refused(msg, status=400)
    with state.lock:
        aloft = state.flights
        aloft.take_off(people, None)
    try:
        if account.seconds:
            time.sleep(account.seconds)
        with state.lock:
            _take(state.collected, events)
            received.queued = len(events)
    finally:
        with state.lock:
            aloft.land(people, None)
    return in_json(200, {"status": "ok"})


def _events(request: Request, most: int) -> list[Any]:
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != "application/json":
        msg = "Content-Type must be application/json"
        raise _Refused(msg, status=415)
    try:
        content = strict_json.parse(request.body or b"")
    except ValueError as error:
        msg = f"Malformed JSON: {error}"
        raise _Refused(msg, status=400) from None
    if not isinstance(content, list):
        return [content]
    if most == 1:
        msg = "this endpoint takes one event a request"
        raise _Refused(msg, status=400)
    if not 1 <= len(content) <= most:
        msg = f"{len(content)} events; a request takes 1 to {most}"
        raise _Refused(msg, status=400)
    return content


def _people(events: Iterable[dict[str, Any]]) -> set[str]:
    """Whom the events are about, told apart from Braze's users."""
    return {
        f"{POOL}:{event.get('user_id') or event['anonymous_id']}" for event in events
    }


def _take(collected: Collected, events: list[dict[str, Any]]) -> None:
    """Add the events in order, or raise _Refused before the first; under the lock."""
    new: dict[str, set[str]] = {}
    unintroduced = 0
    for event in events:
        anonymous, user = event.get("anonymous_id"), event.get("user_id")
        if anonymous is None:
            continue
        known = collected.people.get(anonymous, set()) | new.get(anonymous, set())
        if event["type"] == "identify":
            new.setdefault(anonymous, set()).add(event["user_id"])
        elif user is None and known:
            msg = "anonymous_id was identified, and user_id is missing"
            raise _Refused(msg)
        elif user is not None and user not in known:
            unintroduced += 1
    for anonymous, users in new.items():
        collected.people.setdefault(anonymous, set()).update(users)
    collected.events += events
    collected.unintroduced += unintroduced
