"""Owns the cohorts of the workspace; who belongs to one is noted on the profiles.

Must not know the form of requests, nor who may send them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .profiles import Profile
from .workspace import Workspace


@dataclass(slots=True)
class Cohort:
    """What a partner has told of a cohort beside its members."""

    name: str
    created_at: str | None = None


def change(cohort_id: str, profiles: Iterable[Profile], *, is_removal: bool) -> int:
    """Let people join or leave; say how many joined."""
    joined = 0
    for profile in profiles:
        members = profile.cohorts or set()
        if is_removal:
            members.discard(cohort_id)
        elif cohort_id not in members:
            members.add(cohort_id)
            joined += 1
        profile.cohorts = members or None
    return joined


def views(
    cohorts: dict[str, Cohort], workspace: Workspace
) -> dict[str, dict[str, Any]]:
    """Copy every cohort with the sorted keys of its members."""
    members: dict[str, list[str]] = {cohort_id: [] for cohort_id in cohorts}
    for profile in workspace.by_braze_id.values():
        for cohort_id in profile.cohorts or ():
            members[cohort_id].append(profile.key)
    return {
        cohort_id: {"name": cohort.name, "members": sorted(members[cohort_id])}
        for cohort_id, cohort in cohorts.items()
    }
