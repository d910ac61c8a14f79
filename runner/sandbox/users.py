"""Handles the endpoints under /users on a parsed body: track, and export by id.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from typing import Any, Final

from . import faults, workspace
from . import track as tracking
from .meters import Received
from .objects import identifiers, is_alias
from .profiles import Profile, as_braze_knows_it
from .state import State
from .track import Verdict

# Contract sheet 3.7.
MAX_EXPORTED = 50
# Ours: what the page tells of one request.
KEPT_REFUSED = 100

POISONED = "The request could not be processed"
REFUSED = "provided external_id is blacklisted and disallowed"
TOO_MANY_IDS = "The max number of external_ids and aliases per request was exceeded"
_REFUSING: Final = frozenset({"partial_errors", "unindexed_errors", "string_errors"})
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


def track(state: State, body: Any, received: Received) -> tuple[int, dict[str, Any]]:
    """Queue what is good of a /users/track request, and say what is not."""
    verdict = tracking.judge(body, limit=state.settings.objects_per_request)
    if _is_poisoned(state, body):
        received.fault = "poison"
        return 400, {"message": POISONED}
    with state.lock:
        if received.fault in _REFUSING and verdict.queued:
            verdict = _refuse_some(state, verdict)
        received.rejected = len(verdict.errors)
        received.refused = _refused(body, verdict)
        received.empty = isinstance(body, dict) and not tracking.count_objects(body)
        state.meters.rejected += len(verdict.errors)
        if not verdict.fatal:
            done = workspace.apply(
                state.workspace,
                verdict.queued,
                at=received.at,
                request=received.number,
            )
            state.meters.objects += len(verdict.queued)
            state.meters.data_points += done.data_points
            state.meters.ignored += done.ignored
    errors = _told(verdict.errors, received.fault)
    if verdict.fatal == tracking.TOO_MANY:
        return 400, {"message": verdict.fatal}
    if verdict.fatal:
        return 400, {"message": verdict.fatal, "errors": errors}
    return 201, tracking.accepted(verdict.queued, errors)


def export_ids(state: State, body: Any, _: Received) -> tuple[int, dict[str, Any]]:
    """Read profiles back by identifier, as Braze shows them."""
    if not isinstance(body, dict):
        return 400, {"message": "Invalid request"}
    external_ids = body.get("external_ids") or []
    aliases = body.get("user_aliases") or []
    fields = body.get("fields_to_export")
    if not isinstance(fields, list) or not fields:
        return 400, {"message": "'fields_to_export' is required"}
    if not isinstance(external_ids, list) or not isinstance(aliases, list):
        return 400, {"message": "'external_ids' and 'user_aliases' must be arrays"}
    if len(external_ids) + len(aliases) > MAX_EXPORTED:
        return 400, {"message": TOO_MANY_IDS}
    found: dict[str, Profile] = {}
    unknown: list[Any] = []
    with state.lock:
        for wanted in _wanted(body, external_ids, aliases):
            profiles = _lookup(state, wanted)
            found |= {profile.braze_id: profile for profile in profiles}
            if not profiles and "external_id" in wanted:
                unknown.append(wanted["external_id"])
        users = [_exported(profile, fields) for profile in found.values()]
    answer: dict[str, Any] = {"message": "success", "users": users}
    return 201, answer | ({"invalid_user_ids": unknown} if unknown else {})


def _is_poisoned(state: State, body: Any) -> bool:
    if not state.faults.poison or not isinstance(body, dict):
        return False
    return any(
        faults.is_poisoned(state.faults, identifiers(sent))
        for name in tracking.ARRAYS
        if isinstance(body.get(name), list)
        for sent in body[name]
    )


def _refuse_some(state: State, verdict: Verdict) -> Verdict:
    """Refuse some good objects, as if Braze had found something wrong with them."""
    chosen = set(faults.choose_refused(state.faults, len(verdict.queued)))
    errors = list(verdict.errors)
    queued = []
    for position, item in enumerate(verdict.queued):
        if position in chosen:
            error = tracking.refused(REFUSED, array=item.array, index=item.index)
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


def _told(errors: list[dict[str, Any]], fault: str | None) -> list[Any]:
    if fault == "string_errors":
        return [error["type"] for error in errors]
    if fault == "unindexed_errors":
        return [{"type": error["type"]} for error in errors]
    return errors


def _wanted(
    body: dict[str, Any], external_ids: list[Any], aliases: list[Any]
) -> list[dict[str, Any]]:
    wanted = [{"external_id": external_id} for external_id in external_ids]
    wanted += [{"user_alias": alias} for alias in aliases]
    single = {"braze_id": "braze_id", "email_address": "email", "phone": "phone"}
    return wanted + [
        {name: str(body[asked])} for asked, name in single.items() if body.get(asked)
    ]


def _lookup(state: State, wanted: dict[str, Any]) -> list[Profile]:
    if "email" in wanted:
        return workspace.sharing(state.workspace, "email", wanted["email"])
    if "phone" in wanted:
        return workspace.sharing(state.workspace, "phone", wanted["phone"])
    if "user_alias" in wanted and not is_alias(wanted["user_alias"]):
        return []
    profile = workspace.find(state.workspace, wanted)
    return [profile] if profile else []


def _exported(profile: Profile, fields: list[Any]) -> dict[str, Any]:
    view = as_braze_knows_it(profile)
    return {
        name: view[name]
        for name in fields
        if isinstance(name, str) and view.get(name) not in _EMPTY
    }
