"""Owns the profiles of the workspace: finding, creating, writing and exporting them.

Must not be shared between threads without a lock, and must not know of HTTP.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from .fields import CONTROL, FIELDS
from .occurrences import Log, record
from .profiles import (
    Change,
    Identifier,
    Profile,
    Rules,
    as_braze_knows_it,
    identified_by,
    with_groups,
    write_attributes,
)
from .track import Queued

# Ours: what the page lists when nothing is searched for.
KEPT_RECENT = 400

_BRAZE_ID_PREFIX: Final = "5a4db0c0"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a request did to the workspace."""

    data_points: int = 0
    ignored: int = 0


@dataclass(slots=True)
class Workspace:
    """All profiles, the ways to find one, and what happened, in order.

    `keeps_past` keeps what profiles were, for those who may see only that.
    """

    blocklist: frozenset[str] = frozenset()
    keeps_past: bool = False
    by_external_id: dict[str, Profile] = field(default_factory=dict)
    by_braze_id: dict[str, Profile] = field(default_factory=dict)
    by_alias: dict[tuple[str, str], Profile] = field(default_factory=dict)
    by_email: dict[str, list[Profile]] = field(default_factory=dict)
    by_phone: dict[str, list[Profile]] = field(default_factory=dict)
    recent: deque[Profile] = field(default_factory=lambda: deque(maxlen=KEPT_RECENT))
    log: Log = field(default_factory=Log)
    created: int = 0
    writes: int = 0
    rules: Rules = field(init=False)

    def __post_init__(self) -> None:
        special = CONTROL | FIELDS.keys() | self.blocklist
        self.rules = Rules(special, self.blocklist)


def apply(
    workspace: Workspace, queued: list[Queued], *, at: float, request: int
) -> Applied:
    """Apply queued objects in order: attributes, then events, then purchases."""
    data_points = ignored = 0
    now = datetime.fromtimestamp(at, UTC)
    for item in queued:
        profile = _find_or_create(workspace, item, at=at)
        if profile is None:
            ignored += 1
        elif item.array == "attributes":
            change = _write(workspace, profile, item.sent, at=at, request=request)
            data_points += change.data_points
            ignored += len(change.ignored)
        else:
            if item.sent.get("name") in workspace.blocklist:
                ignored += 1
                continue
            data_points += record(
                workspace.log,
                profile,
                item.sent,
                is_event=item.array == "events",
                now=now,
            )
            touch(workspace, profile, at=at)
    return Applied(data_points, ignored)


def find(workspace: Workspace, sent: dict[str, Any]) -> Profile | None:
    """Find the profile an object is about, by its most binding identifier."""
    match identified_by(sent):
        case "external_id":
            return workspace.by_external_id.get(str(sent["external_id"]))
        case "braze_id":
            return workspace.by_braze_id.get(str(sent["braze_id"]))
        case "user_alias":
            return workspace.by_alias.get(alias_key(sent["user_alias"]))
        case "email" | "phone" as name:
            found = sharing(workspace, name, sent[name])
            return max(found, key=_precedence, default=None)
    return None


def sharing(workspace: Workspace, name: Identifier, value: str) -> list[Profile]:
    """List the profiles with this e-mail address or phone number."""
    index = workspace.by_email if name == "email" else workspace.by_phone
    return index.get(value.lower(), [])


def create(workspace: Workspace, *, at: float) -> Profile:
    """Add a profile that nothing but its Braze id can find yet."""
    workspace.created += 1
    profile = Profile(f"{_BRAZE_ID_PREFIX}{workspace.created:016x}", created_at=at)
    workspace.by_braze_id[profile.braze_id] = profile
    return profile


def subscribe(
    workspace: Workspace, profile: Profile, group: dict[str, Any], *, at: float
) -> None:
    """Set one profile's state in a subscription group."""
    old = profile.fields.get("subscription_groups", [])
    profile.fields["subscription_groups"] = with_groups(old, [group])
    touch(workspace, profile, at=at)


def views(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Copy every profile, by its key."""
    return {
        profile.key: as_braze_knows_it(profile)
        for profile in workspace.by_braze_id.values()
    }


def _find_or_create(workspace: Workspace, item: Queued, *, at: float) -> Profile | None:
    sent = item.sent
    if (profile := find(workspace, sent)) is not None:
        return profile
    name = identified_by(sent)
    # An object about an alias updates only, unless it says otherwise.
    update_only = sent.get("_update_existing_only", name == "user_alias")
    if update_only or name == "braze_id":
        return None
    profile = create(workspace, at=at)
    if name == "external_id":
        profile.external_id = str(sent["external_id"])
        workspace.by_external_id[profile.external_id] = profile
    elif name == "user_alias":
        alias = sent["user_alias"]
        profile.aliases = {alias["alias_label"]: alias["alias_name"]}
        workspace.by_alias[alias_key(alias)] = profile
    elif name is not None:
        profile.fields[name] = sent[name].lower()
        reindex(workspace, profile, name, before=None)
    return profile


def alias_key(alias: dict[str, str]) -> tuple[str, str]:
    """Name an alias as it is looked up."""
    return alias["alias_label"], alias["alias_name"]


def _precedence(profile: Profile) -> tuple[bool, int]:
    """With an external_id first, then the most recently updated."""
    return profile.external_id is not None, profile.updated


def _write(
    workspace: Workspace,
    profile: Profile,
    sent: dict[str, Any],
    *,
    at: float,
    request: int,
) -> Change:
    email, phone = profile.fields.get("email"), profile.fields.get("phone")
    change = write_attributes(
        profile,
        sent,
        rules=workspace.rules,
        at=at,
        request=request,
    )
    reindex(workspace, profile, "email", before=email)
    reindex(workspace, profile, "phone", before=phone)
    touch(workspace, profile, at=at)
    if sent.get("subscription_groups"):
        _spread_groups(workspace, profile, sent["subscription_groups"], at=at)
    return change


def _spread_groups(
    workspace: Workspace,
    profile: Profile,
    groups: list[dict[str, Any]],
    *,
    at: float,
) -> None:
    """Move everybody who shares the e-mail address as well (contract sheet 7)."""
    email = profile.fields.get("email")
    for other in sharing(workspace, "email", email) if email else ():
        for group in groups if other is not profile else ():
            subscribe(workspace, other, group, at=at)


def touch(workspace: Workspace, profile: Profile, *, at: float) -> None:
    """Note that a profile was written."""
    workspace.writes += 1
    profile.updated = workspace.writes
    workspace.recent.append(profile)
    if workspace.keeps_past:
        profile.past = [*(profile.past or []), (at, as_braze_knows_it(profile))]


def reindex(
    workspace: Workspace, profile: Profile, name: Identifier, *, before: str | None
) -> None:
    """Find the profile by its present address or number, and no longer by another."""
    now = profile.fields.get(name)
    if now == before:
        return
    index = workspace.by_email if name == "email" else workspace.by_phone
    if before is not None:
        left = [one for one in index.get(before.lower(), []) if one is not profile]
        index[before.lower()] = left
        if not left:
            del index[before.lower()]
    if now is not None:
        index.setdefault(now.lower(), []).append(profile)
