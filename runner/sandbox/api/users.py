"""Handles POST /users/track and /users/track/bulk on a parsed body.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from typing import Any

from .. import partial, workspace
from .. import track as tracking
from ..calls import Call, Reply, refused
from ..objects import identifiers
from ..state import State
from ..track import Verdict

# Ours: what the page tells of one request.
KEPT_REFUSED = 100


def track(state: State, call: Call) -> Reply:
    """Queue what is good of a /users/track request, and say what is not."""
    limit = state.settings.objects_per_request
    verdict = tracking.judge(call.body, limit=limit, terms=state.terms)
    return _queue(state, call, verdict)


def bulk(state: State, call: Call) -> Reply:
    """Do the same with more objects; here errors do not name their array."""
    if call.received.bytes > tracking.BULK_BYTES:
        return refused("The request is larger than 2 MB")
    verdict = tracking.judge(
        call.body,
        limit=tracking.BULK_OBJECTS,
        per_user=tracking.BULK_OBJECTS_PER_USER,
        terms=state.terms,
    )
    reply = _queue(state, call, verdict)
    for error in reply.content.get("errors", ()):
        if isinstance(error, dict):
            error.pop("input_array", None)
    return reply


def _queue(state: State, call: Call, verdict: Verdict) -> Reply:
    received = call.received
    with state.lock:
        if received.fault in partial.REFUSING and verdict.queued:
            verdict = _refuse_some(state, call, verdict)
        received.rejected = len(verdict.errors)
        received.refused = _refused(call.body, verdict)
        received.empty = not received.objects and isinstance(call.body, dict)
        if not verdict.fatal:
            done = workspace.apply(
                state.workspace,
                verdict.queued,
                at=received.at,
                request=received.number,
            )
            state.meters.data_points += done.data_points
            state.meters.ignored += done.ignored
    errors = partial.told(verdict.errors, received.fault)
    if verdict.fatal == tracking.TOO_MANY:
        return refused(verdict.fatal)
    if verdict.fatal:
        return Reply(400, {"message": verdict.fatal, "errors": errors})
    return Reply(201, tracking.accepted(verdict.queued, errors))


def _refuse_some(state: State, call: Call, verdict: Verdict) -> Verdict:
    """Refuse some good objects, as if Braze had found something wrong with them."""
    chosen = partial.chosen(state, call.received, len(verdict.queued))
    errors = list(verdict.errors)
    queued = []
    for position, item in enumerate(verdict.queued):
        if position in chosen:
            error = tracking.refused(
                partial.REFUSED, array=item.array, index=item.index
            )
            errors.append(error)
        else:
            queued.append(item)
    fatal = None if queued else tracking.NOTHING_VALID
    return Verdict(queued, errors, fatal)


def _refused(body: Any, verdict: Verdict) -> list[dict[str, Any]]:
    """Say who the first refused objects are about, where they stood, and why."""
    return [
        {
            "array": (array := error["input_array"]),
            "index": (index := error["index"]),
            "who": ", ".join(identifiers(body[array][index])),
            "why": error["type"],
        }
        for error in verdict.errors[:KEPT_REFUSED]
    ]
