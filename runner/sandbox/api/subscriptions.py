"""Handles the subscription endpoints: set (v1 and v2), and the two that read.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ..calls import Call, Reply, refused
from ..objects import GROUP_STATES
from ..profiles import Profile
from ..state import State
from ..workspace import sharing, subscribe
from .entries import MAX_ENTRIES, TOO_MANY, is_text

# Contract sheet 7.
NOT_BOTH = "Either an email address or a phone number should be provided, but not both."
BAD_GROUP = "Invalid subscription group ID"
BAD_STATE = "'subscription_state' must be 'subscribed' or 'unsubscribed'"
BAD_PHONE = "A phone number must be in the E.164 format"
NOBODY = "{} is required"

_PHONE: Final = re.compile(r"\+[1-9]\d{2,14}")
_GROUP: Final = frozenset(
    {"subscription_group_id", "subscription_state", "use_double_opt_in_logic"}
)
_V1: Final = ("external_id", "email", "phone")
_V2: Final = ("external_ids", "emails", "phones")

Entry = dict[str, Any]


class _Change(NamedTuple):
    """One group's new state, and for whom."""

    group_id: str
    state: str
    external_ids: list[str]
    emails: list[str]
    phones: list[str]

    @property
    def people(self) -> list[str]:
        """Everybody named, by whatever."""
        return [*self.external_ids, *self.emails, *self.phones]


def set_v1(state: State, call: Call) -> Reply:
    """Set one group's state: singular keys, each a string or an array."""
    return _set(state, call, [call.body], keys=_V1)


def set_v2(state: State, call: Call) -> Reply:
    """Set the states of several groups: plural keys, arrays only."""
    body = call.body
    if not isinstance(body, dict) or body.keys() != {"subscription_groups"}:
        return refused("'subscription_groups' is required, and nothing else")
    groups = body["subscription_groups"]
    if not isinstance(groups, list) or not groups:
        return refused("'subscription_groups' must be a non-empty array")
    return _set(state, call, groups, keys=_V2)


def status(state: State, call: Call) -> Reply:
    """Tell the states of people in one group, capitalised as Braze does."""
    group_id = call.query.get("subscription_group_id", [""])[0]
    if (wrong := _unknown_group(state, group_id)) is not None:
        return wrong
    people = [(key, one) for key in _V1 for one in _asked(call, key)]
    if not people:
        return refused(NOBODY.format("'external_id', 'email' or 'phone'"))
    with state.lock:
        told = {
            one: _state_of(_people(state, key, [one]), group_id) for key, one in people
        }
    return Reply(200, {"status": told, "message": "success"})


def user_status(state: State, call: Call) -> Reply:
    """Tell all groups of people."""
    names = state.settings.subscription_groups or {}
    with state.lock:
        found = [
            profile for key in _V1 for profile in _people(state, key, _asked(call, key))
        ]
        users = [_told(profile, names) for profile in found]
    if not any(_asked(call, key) for key in _V1):
        return refused(NOBODY.format("'external_id', 'email' or 'phone'"))
    return Reply(200, {"users": users, "total_count": len(users), "message": "success"})


def _set(state: State, call: Call, entries: list[Any], *, keys: Iterable[str]) -> Reply:
    changes: list[_Change] = []
    for entry in entries:
        change = _read(state, entry, [*keys])
        if isinstance(change, Reply):
            return change
        changes.append(change)
    if sum(len(change.people) for change in changes) > MAX_ENTRIES:
        return refused(TOO_MANY)
    with state.lock:
        for change in changes:
            group = {
                "subscription_group_id": change.group_id,
                "subscription_state": change.state,
            }
            for profile in _affected(state, change):
                subscribe(state.workspace, profile, group, at=call.received.at)
    return Reply(201, {"message": "success"})


def _read(state: State, entry: Any, keys: list[str]) -> _Change | Reply:
    if not isinstance(entry, dict) or entry.keys() - _GROUP - {*keys}:
        return refused(f"Only {', '.join(keys)} and the group's keys are known")
    if (wrong := _unknown_group(state, entry.get("subscription_group_id"))) is not None:
        return wrong
    if entry.get("subscription_state") not in GROUP_STATES:
        return refused(BAD_STATE)
    lists = [entry.get(key, []) for key in keys]
    if keys == [*_V1]:
        lists = [[one] if isinstance(one, str) else one for one in lists]
    if (why := _bad_people(keys, lists)) is not None:
        return refused(why)
    return _Change(entry["subscription_group_id"], entry["subscription_state"], *lists)


def _bad_people(keys: list[str], lists: list[Any]) -> str | None:
    for key, people in zip(keys, lists, strict=True):
        if not isinstance(people, list) or not all(is_text(one) for one in people):
            return f"'{key}' must be an array of strings"
    _, emails, phones = lists
    if emails and phones:
        return NOT_BOTH
    if not any(lists):
        return NOBODY.format(", ".join(keys))
    return None if all(_PHONE.fullmatch(one) for one in phones) else BAD_PHONE


def _unknown_group(state: State, group_id: Any) -> Reply | None:
    groups = state.settings.subscription_groups
    is_known = is_text(group_id) and (groups is None or group_id in groups)
    return None if is_known else refused(BAD_GROUP)


def _affected(state: State, change: _Change) -> Iterable[Profile]:
    """List everybody whom a change moves: who shares an address moves with it."""
    named = [
        *_people(state, "external_id", change.external_ids),
        *_people(state, "email", change.emails),
        *_people(state, "phone", change.phones),
    ]
    found = {profile.braze_id: profile for profile in named}
    for profile in named:
        email = profile.fields.get("email")
        others = sharing(state.workspace, "email", email) if email else []
        found |= {other.braze_id: other for other in others}
    return found.values()


def _people(state: State, key: str, wanted: Iterable[str]) -> Iterator[Profile]:
    for one in wanted:
        if key == "external_id":
            profile = state.workspace.by_external_id.get(one)
            yield from [profile] if profile else []
        else:
            yield from sharing(
                state.workspace, "email" if key == "email" else "phone", one
            )


def _asked(call: Call, key: str) -> list[str]:
    return [*call.query.get(key, []), *call.query.get(f"{key}[]", [])]


def _state_of(profiles: Iterable[Profile], group_id: str) -> str:
    for profile in profiles:
        for group in profile.fields.get("subscription_groups", []):
            if group["subscription_group_id"] == group_id:
                return str(group["subscription_state"]).capitalize()
    return "unknown"


def _told(profile: Profile, names: Any) -> Entry:
    groups = [
        {
            "id": group["subscription_group_id"],
            "name": names.get(
                group["subscription_group_id"], group["subscription_group_id"]
            ),
            "channel": "email",
            "status": group["subscription_state"].capitalize(),
        }
        for group in profile.fields.get("subscription_groups", [])
    ]
    return {
        "email": profile.fields.get("email"),
        "phone": profile.fields.get("phone"),
        "external_id": profile.external_id,
        "subscription_groups": groups,
    }
