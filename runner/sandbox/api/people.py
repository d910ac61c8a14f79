"""Handles POST /users/merge and /users/delete.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .. import identity
from ..calls import Call, Reply, refused
from ..profiles import Profile
from ..state import State
from ..workspace import alias_key
from .entries import (
    ADDRESSES,
    MAX_ENTRIES,
    is_address,
    is_text,
    is_whole_alias,
    problem,
)

# Contract sheet 3.4.
NOT_OBJECTS = "'merge_updates' must be an array of objects"
TOO_MANY_MERGES = "a single request may not contain more than 50 merge updates"
NOT_TWO = (
    "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"
)
NOT_IDENTIFIERS = (
    "identifiers must be objects with an 'external_id' property that is a string, a "
    "'user_alias' property that is an object, or an 'email' or 'phone' property with "
    "a 'prioritization'"
)
ONE_SELECTOR = (
    "exactly one of 'external_ids', 'user_aliases', 'braze_ids', 'email_addresses' "
    "or 'phone_numbers' is required"
)
_SIDES: Final = ("identifier_to_merge", "identifier_to_keep")

Entry = dict[str, Any]


def merge(state: State, call: Call) -> Reply:
    """Queue merges, and do the last one first: Braze guarantees no order."""
    body = call.body
    updates = body.get("merge_updates") if isinstance(body, dict) else None
    if (wrong := _bad_merges(updates)) is not None or updates is None:
        return refused(wrong or NOT_OBJECTS)

    def act() -> None:
        state.meters.ignored += sum(
            not _merge(state, update, at=call.received.at) for update in updates[::-1]
        )

    with state.lock:
        delay = state.settings.delays.visibility
        state.later.put(act, at=call.received.at, after=delay)
    return Reply(202, {"message": "success"})


def delete(state: State, call: Call) -> Reply:
    """Delete people; who is unknown is counted nevertheless."""
    body = call.body
    if not isinstance(body, dict) or len(body) != 1 or not body.keys() <= {*_SELECTORS}:
        return refused(ONE_SELECTOR)
    ((name, wanted),) = body.items()
    is_good, as_identifier = _SELECTORS[name]
    if (wrong := problem(wanted, name, is_good)) is not None:
        return refused(wrong)
    with state.lock:
        for one in wanted:
            profile = _find(state, as_identifier(one))
            if profile is None:
                state.meters.ignored += 1
            else:
                identity.delete(state.workspace, profile)
    return Reply(201, {"deleted": len(wanted), "message": "success"})


def _bad_merges(updates: Any) -> str | None:
    if not isinstance(updates, list) or not updates:
        return NOT_OBJECTS
    if not all(isinstance(update, dict) for update in updates):
        return NOT_OBJECTS
    if len(updates) > MAX_ENTRIES:
        return TOO_MANY_MERGES
    for update in updates:
        if update.keys() != {*_SIDES}:
            return NOT_TWO
        if not all(_is_identifier(update[side]) for side in _SIDES):
            return NOT_IDENTIFIERS
    return None


def _is_identifier(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.keys() == {"external_id"}:
        return is_text(value["external_id"])
    if value.keys() == {"user_alias"}:
        return is_whole_alias(value["user_alias"])
    return any(is_address(value, kind) for kind in ADDRESSES)


def _merge(state: State, update: Entry, *, at: float) -> bool:
    gone, kept = (_find(state, update[side]) for side in _SIDES)
    if gone is None or kept is None or gone is kept:
        return False
    identity.merge(state.workspace, kept, gone, at=at)
    return True


def _find(state: State, wanted: Entry) -> Profile | None:
    workspace = state.workspace
    for kind in ADDRESSES:
        if kind in wanted:
            order = wanted["prioritization"]
            return identity.choose(workspace, kind, wanted[kind], priorities=order)
    if "external_id" in wanted:
        return workspace.by_external_id.get(wanted["external_id"])
    if "braze_id" in wanted:
        return workspace.by_braze_id.get(wanted["braze_id"])
    return workspace.by_alias.get(alias_key(wanted["user_alias"]))


_SELECTORS: Final[dict[str, tuple[Callable[[Any], bool], Callable[[Any], Entry]]]] = {
    "external_ids": (is_text, lambda one: {"external_id": one}),
    "braze_ids": (is_text, lambda one: {"braze_id": one}),
    "user_aliases": (is_whole_alias, lambda one: {"user_alias": one}),
    "email_addresses": (lambda one: is_address(one, "email"), lambda one: one),
    "phone_numbers": (lambda one: is_address(one, "phone"), lambda one: one),
}
