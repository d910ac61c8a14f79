"""Handles POST /partners/{partner}/cohorts and /partners/{partner}/cohorts/users.

Must not know headers or sockets; the keys are in the body, so they are checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from hmac import compare_digest
from typing import Any, Final

from .. import cohorts as store
from ..calls import Call, Reply, refused
from ..cohorts import Cohort
from ..dates import is_time
from ..profiles import Profile
from ..state import State
from ..workspace import alias_key
from .entries import is_text, is_whole_alias

# Contract sheet 5.
MAX_IDS = 1_000

BAD_ID = "cohort_id must be a valid string"
BAD_CHANGES = "cohort_changes must be an array of objects"
TOO_MANY = "No more than 1000 ids can be changed in one request"
_KEYS: Final = frozenset({"partner_api_key", "client_secret", "cohort_id"})
_IDS: Final = ("user_ids", "device_ids", "aliases")

Change = dict[str, Any]


def set_cohort(state: State, call: Call) -> Reply:
    """Create a cohort, or rename the one of this id."""
    body = call.body
    if (wrong := _unauthorised(state, call)) is not None:
        return wrong
    if not is_text(body.get("cohort_id")):
        return refused(BAD_ID)
    if not is_text(body.get("name")):
        return refused("name must not be empty")
    created_at = body.get("created_at")
    if created_at is not None and not is_time(created_at):
        return refused("created_at must be an ISO 8601 time")
    if unknown := body.keys() - _KEYS - {"name", "created_at"}:
        return refused(f"{min(unknown)} is not known")
    with state.lock:
        cohort = state.cohorts.setdefault(body["cohort_id"], Cohort(body["name"]))
        cohort.name = body["name"]
        cohort.created_at = created_at or cohort.created_at
    return Reply(201, {"message": "success"})


def change_users(state: State, call: Call) -> Reply:
    """Let people join and leave; who is unknown is dropped silently."""
    body = call.body
    if (wrong := _unauthorised(state, call)) is not None:
        return wrong
    if not is_text(body.get("cohort_id")):
        return refused(BAD_ID)
    changes = body.get("cohort_changes")
    if (problem := _bad_changes(changes)) is not None or changes is None:
        return refused(problem or BAD_CHANGES)
    if unknown := body.keys() - _KEYS - {"cohort_changes"}:
        return refused(f"{min(unknown)} is not known")
    cohort_id = body["cohort_id"]
    with state.lock:
        # Ours: Braze does not say what becomes of people in a cohort it does not have.
        if changes and cohort_id not in state.cohorts:
            return refused(f"cohort_id {cohort_id} does not exist")
        for change in changes:
            found = list(_members(state, change))
            state.meters.ignored += _count(change) - len(found)
            is_removal = change.get("should_remove", False)
            joined = store.change(cohort_id, found, is_removal=is_removal)
            state.meters.data_points += joined
    return Reply(201, {"message": "success"})


def _unauthorised(state: State, call: Call) -> Reply | None:
    """Check both secrets; no answer ever repeats one."""
    settings = state.settings
    body = call.body if isinstance(call.body, dict) else {}
    key, secret = body.get("partner_api_key"), body.get("client_secret")
    if not is_text(key) or not is_text(secret):
        message = "Unauthorized access"
    elif not _is_same(key, settings.partner_api_key):
        message = "Invalid Partner API key"
    elif not _is_same(secret, settings.data_import_key):
        message = "Invalid client secret"
    elif settings.partner not in (None, call.names[0]):
        message = "Partner not enabled for client"
    else:
        return None
    return refused(message, status=401)


def _is_same(one: str, other: str) -> bool:
    return compare_digest(one.encode(), other.encode())


def _bad_changes(changes: Any) -> str | None:
    if not isinstance(changes, list):
        return BAD_CHANGES
    if not all(_is_change(change) for change in changes):
        return BAD_CHANGES
    if sum(_count(change) for change in changes) > MAX_IDS:
        return TOO_MANY
    return _contradiction(changes)


def _is_change(change: Any) -> bool:
    if not isinstance(change, dict) or change.keys() - {*_IDS, "should_remove"}:
        return False
    user_ids, device_ids, aliases = (change.get(name, []) for name in _IDS)
    lists = (user_ids, device_ids, aliases)
    return (
        all(isinstance(one, list) for one in lists)
        and all(is_text(one) for one in (*user_ids, *device_ids))
        and all(is_whole_alias(one) for one in aliases)
        and isinstance(change.get("should_remove", False), bool)
    )


def _contradiction(changes: list[Change]) -> str | None:
    """Refuse who joins and leaves at once: Braze does not say which would win."""
    joining, leaving = (
        {
            one
            for change in changes
            if change.get("should_remove", False) is removes
            for one in change.get("user_ids", [])
        }
        for removes in (False, True)
    )
    both = sorted(joining & leaving)
    return f"{both[0]} is both added and removed" if both else None


def _count(change: Change) -> int:
    return sum(len(change.get(name, [])) for name in _IDS)


def _members(state: State, change: Change) -> Iterator[Profile]:
    """List the known among those named; devices are of people not known here."""
    people = state.workspace
    for user_id in change.get("user_ids", []):
        if (profile := people.by_external_id.get(user_id)) is not None:
            yield profile
    for alias in change.get("aliases", []):
        if (profile := people.by_alias.get(alias_key(alias))) is not None:
            yield profile
