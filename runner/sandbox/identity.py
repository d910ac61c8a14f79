"""Changes who is who: aliases, identification, merges, renames, deletions.

Must not know the forms of requests; what Braze does not do is told by False.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from .profiles import Identifier, Profile
from .workspace import Workspace, create, reindex, sharing, touch

MOST_RECENT, LEAST_RECENT = "most_recently_updated", "least_recently_updated"
IDENTIFIED, UNIDENTIFIED = "identified", "unidentified"
PRIORITIES: Final = (IDENTIFIED, UNIDENTIFIED, MOST_RECENT, LEAST_RECENT)

Address = Literal["email", "phone"]


def add_alias(
    workspace: Workspace, alias: tuple[str, str], *, external_id: str | None, at: float
) -> bool:
    """Give an alias to somebody, or to a new person who has nothing else."""
    label, name = alias
    if alias in workspace.by_alias:
        return False
    if external_id is None:
        profile = create(workspace, at=at)
    else:
        known = workspace.by_external_id.get(external_id)
        if known is None or label in (known.aliases or {}):
            return False
        profile = known
    profile.aliases = {**(profile.aliases or {}), label: name}
    workspace.by_alias[alias] = profile
    touch(workspace, profile, at=at)
    return True


def rename_alias(
    workspace: Workspace, label: str, *, old: str, new: str, at: float
) -> bool:
    """Change the name under one label."""
    profile = workspace.by_alias.get((label, old))
    if profile is None or (label, new) in workspace.by_alias:
        return False
    del workspace.by_alias[label, old]
    workspace.by_alias[label, new] = profile
    profile.aliases = {**(profile.aliases or {}), label: new}
    touch(workspace, profile, at=at)
    return True


def identify_alias(
    workspace: Workspace, alias: tuple[str, str], *, external_id: str, at: float
) -> bool:
    """Give an external id to who has an alias, or merge them into its owner."""
    profile = workspace.by_alias.get(alias)
    owner = workspace.by_external_id.get(external_id)
    if owner is not None and alias[0] in (owner.aliases or {}):
        return False
    return _identify(workspace, profile, external_id=external_id, at=at)


def identify_address(
    workspace: Workspace,
    kind: Address,
    value: str,
    *,
    priorities: Sequence[str],
    external_id: str,
    at: float,
) -> bool:
    """Do the same for who has an e-mail address or phone number."""
    profile = choose(workspace, kind, value, priorities=priorities)
    return _identify(workspace, profile, external_id=external_id, at=at)


def choose(
    workspace: Workspace, kind: Address, value: str, *, priorities: Sequence[str]
) -> Profile | None:
    """Choose one of those who share an address; nobody while several are left."""
    found = sharing(workspace, kind, value)
    for priority in priorities:
        if not found:
            return None
        match priority:
            case "identified":
                found = [one for one in found if one.external_id is not None]
            case "unidentified":
                found = [one for one in found if one.external_id is None]
            case "most_recently_updated":
                found = [max(found, key=_updated)]
            case "least_recently_updated":
                found = [min(found, key=_updated)]
    return found[0] if len(found) == 1 else None


def merge(workspace: Workspace, kept: Profile, gone: Profile, *, at: float) -> None:
    """Copy what the kept profile lacks, sum what both counted, drop the other."""
    for kind in ("email", "phone"):
        _take_address(workspace, kept, gone, kind)
    kept.fields = {**gone.fields, **kept.fields}
    kept.custom = {**gone.custom, **kept.custom}
    aliases = {**(gone.aliases or {}), **(kept.aliases or {})}
    kept.events = [*(kept.events or []), *(gone.events or [])]
    kept.purchases = [*(kept.purchases or []), *(gone.purchases or [])]
    kept.cohorts = {*(kept.cohorts or ()), *(gone.cohorts or ())}
    kept.created_at = min(kept.created_at, gone.created_at)
    delete(workspace, gone)
    kept.aliases = aliases
    workspace.by_alias |= dict.fromkeys(aliases.items(), kept)
    touch(workspace, kept, at=at)


def rename_refusal(workspace: Workspace, *, current: str, new: str) -> str | None:
    """Say why an external id cannot be renamed."""
    profile = workspace.by_external_id.get(current)
    if profile is None:
        return "current_external_id does not exist"
    if profile.external_id != current:
        return "current_external_id is deprecated"
    if current == new:
        return "the ids are the same"
    if new in workspace.by_external_id:
        return "new_external_id is already in use"
    return None


def rename(workspace: Workspace, *, current: str, new: str, at: float) -> None:
    """Give a new primary external id, if it is still free; the old one stays valid."""
    if rename_refusal(workspace, current=current, new=new) is not None:
        return
    profile = workspace.by_external_id[current]
    profile.external_id = new
    profile.deprecated_ids = [*(profile.deprecated_ids or []), current]
    workspace.by_external_id[new] = profile
    touch(workspace, profile, at=at)


def removal_refusal(workspace: Workspace, external_id: str) -> str | None:
    """Say why an external id cannot be removed."""
    profile = workspace.by_external_id.get(external_id)
    if profile is None:
        return "external_id does not exist"
    if profile.external_id == external_id:
        return "external_id is not deprecated"
    return None


def remove(workspace: Workspace, external_id: str, *, at: float) -> None:
    """Forget a deprecated external id."""
    if removal_refusal(workspace, external_id) is not None:
        return
    profile = workspace.by_external_id[external_id]
    profile.deprecated_ids = [
        one for one in profile.deprecated_ids or [] if one != external_id
    ]
    del workspace.by_external_id[external_id]
    touch(workspace, profile, at=at)


def delete(workspace: Workspace, profile: Profile) -> None:
    """Forget a profile and every way to it; what it did stays told in the logs."""
    for name in (profile.external_id, *(profile.deprecated_ids or ())):
        if name is not None:
            del workspace.by_external_id[name]
    for alias in (profile.aliases or {}).items():
        del workspace.by_alias[alias]
    for kind in ("email", "phone"):
        before = profile.fields.pop(kind, None)
        reindex(workspace, profile, kind, before=before)
    del workspace.by_braze_id[profile.braze_id]
    everyone = (one for one in workspace.recent if one is not profile)
    workspace.recent = type(workspace.recent)(everyone, workspace.recent.maxlen)


def _identify(
    workspace: Workspace, profile: Profile | None, *, external_id: str, at: float
) -> bool:
    if profile is None or profile.external_id is not None:
        return False
    owner = workspace.by_external_id.get(external_id)
    if owner is not None:
        merge(workspace, owner, profile, at=at)
    else:
        profile.external_id = external_id
        workspace.by_external_id[external_id] = profile
        touch(workspace, profile, at=at)
    return True


def _take_address(
    workspace: Workspace, kept: Profile, gone: Profile, kind: Identifier
) -> None:
    if kind in gone.fields and kind not in kept.fields:
        kept.fields[kind] = gone.fields[kind]
        reindex(workspace, kept, kind, before=None)


def _updated(profile: Profile) -> int:
    return profile.updated
