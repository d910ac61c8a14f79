"""Chooses what the page shows: the last requests, and profiles found or recent.

Must not copy more than one screen of profiles, so that the page stays fast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .profiles import Profile, as_braze_knows_it
from .state import State, all_meters

SHOWN_REQUESTS = 60
SHOWN_PROFILES = 60


def page_data(state: State, search: str) -> dict[str, Any]:
    """Return the key, the sums, the last requests newest first, and the profiles."""
    meters = all_meters(state)
    with state.lock:
        requests = [received.as_dict() for received in state.requests[-SHOWN_REQUESTS:]]
        profiles = [_row(profile) for profile in _found(state, search)]
    return {
        "api_key": state.settings.api_key,
        "meters": meters,
        "requests": requests[::-1],
        "profiles": profiles,
    }


def one_profile(state: State, key: str) -> dict[str, Any] | None:
    """Return a profile, its values as text, and its last changes newest first."""
    with state.lock:
        profile = state.workspace.by_external_id.get(key)
        if profile is None:
            braze_id = key.removeprefix("braze_id:")
            profile = state.workspace.by_braze_id.get(braze_id)
        if profile is None:
            return None
        changes = [change._asdict() for change in reversed(profile.changes)]
        view = as_braze_knows_it(profile)
    texts = {name: _text(value) for name, value in view.items()}
    custom = {name: _text(value) for name, value in view["custom_attributes"].items()}
    return {
        "profile": view,
        "texts": texts,
        "custom_texts": custom,
        "changes": changes,
    }


def _found(state: State, search: str) -> Iterator[Profile]:
    text = search.strip().lower()
    everyone = state.workspace.by_braze_id.values()
    hits = (one for one in everyone if _matches(one, text)) if text else _recent(state)
    return islice(hits, SHOWN_PROFILES)


def _recent(state: State) -> Iterable[Profile]:
    newest_first = reversed(state.workspace.recent)
    return {profile.braze_id: profile for profile in newest_first}.values()


def _matches(profile: Profile, text: str) -> bool:
    if text in profile.key.lower() or text in str(profile.fields.get("email", "")):
        return True
    names = (profile.fields.get("first_name"), profile.fields.get("last_name"))
    return any(text in str(name).lower() for name in names if name)


def _text(value: Any) -> str:
    """Write a value out: a browser's numbers are not exact beyond 2^53."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _row(profile: Profile) -> dict[str, Any]:
    return {
        "key": profile.key,
        "external_id": profile.external_id,
        "email": profile.fields.get("email"),
        "attributes": len(profile.custom) + len(profile.fields),
        "at": profile.changes[-1].at if profile.changes else profile.created_at,
    }
