"""Reads profiles back by identifier, as Braze shows them: POST /users/export/ids.

Must not write anything.
"""

from __future__ import annotations

from typing import Any, Final

from .. import workspace
from ..calls import Call, Reply, refused
from ..objects import is_alias
from ..profiles import Profile, as_braze_knows_it
from ..state import State

# Contract sheet 3.7.
MAX_EXPORTED = 50

TOO_MANY_IDS = "The max number of external_ids and aliases per request was exceeded"
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


def export_ids(state: State, call: Call) -> Reply:
    """Read profiles back, as they were some seconds ago if the export lags."""
    body = call.body
    if not isinstance(body, dict):
        return refused("Invalid request")
    external_ids = body.get("external_ids") or []
    aliases = body.get("user_aliases") or []
    fields = body.get("fields_to_export")
    if not isinstance(fields, list) or not fields:
        return refused("'fields_to_export' is required")
    if not isinstance(external_ids, list) or not isinstance(aliases, list):
        return refused("'external_ids' and 'user_aliases' must be arrays")
    if len(external_ids) + len(aliases) > MAX_EXPORTED:
        return refused(TOO_MANY_IDS)
    found: dict[str, dict[str, Any]] = {}
    unknown: list[Any] = []
    with state.lock:
        for wanted in _wanted(body, external_ids, aliases):
            views = _seen(state, _lookup(state, wanted), at=call.received.at)
            found |= views
            if not views and "external_id" in wanted:
                unknown.append(wanted["external_id"])
    users = [_exported(view, fields) for view in found.values()]
    answer: dict[str, Any] = {"message": "success", "users": users}
    return Reply(201, answer | ({"invalid_user_ids": unknown} if unknown else {}))


def _seen(
    state: State, profiles: list[Profile], *, at: float
) -> dict[str, dict[str, Any]]:
    """Copy what the export shows at a moment, by Braze id."""
    lag = state.settings.delays.export
    if not lag:
        return {one.braze_id: as_braze_knows_it(one) for one in profiles}
    seen = {}
    for profile in profiles:
        views = [view for when, view in profile.past or () if when <= at - lag]
        if views:
            seen[profile.braze_id] = views[-1]
    return seen


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


def _exported(view: dict[str, Any], fields: list[Any]) -> dict[str, Any]:
    return {
        name: view[name]
        for name in fields
        if isinstance(name, str) and view.get(name) not in _EMPTY
    }
