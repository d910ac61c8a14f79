"""Chooses what the page shows: the last requests, and profiles found or recent.

Must not copy more than one screen of profiles, so that the page stays fast.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .catalogs import Catalog
from .profiles import Profile, as_braze_knows_it
from .state import State, all_meters

SHOWN_REQUESTS = 60
SHOWN_PROFILES = 60
SHOWN_ITEMS = 60
SHOWN_OCCURRENCES = 10


def page_data(state: State, search: str) -> dict[str, Any]:
    """Return the key, the sums, the last requests newest first, and the profiles."""
    meters = all_meters(state)
    with state.lock:
        requests = [received.as_dict() for received in state.requests[-SHOWN_REQUESTS:]]
        profiles = [_row(profile) for profile in _found(state, search)]
        catalogs = [_shelf(catalog) for catalog in state.catalogs.values()]
        cohorts = _members(state) if state.cohorts else []
    return {
        "api_key": state.settings.api_key,
        "meters": meters,
        "requests": requests[::-1],
        "profiles": profiles,
        "catalogs": catalogs,
        "cohorts": cohorts,
    }


def one_catalog(state: State, name: str) -> dict[str, Any] | None:
    """Return the fields of a catalog, and its first items as text."""
    with state.lock:
        catalog = state.catalogs.get(name)
        if catalog is None:
            return None
        items = islice(catalog.items.items(), SHOWN_ITEMS)
        return {
            **_shelf(catalog),
            "fields": dict(catalog.fields),
            "shown": {item_id: _text(item) for item_id, item in items},
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
    events, purchases = view.pop("event_log"), view.pop("purchase_log")
    texts = {name: _text(value) for name, value in view.items()}
    custom = {name: _text(value) for name, value in view["custom_attributes"].items()}
    return {
        "profile": view,
        "texts": texts,
        "custom_texts": custom,
        "last_events": [
            _occurrence(one, name="name", text=_text(one.get("properties", {})))
            for one in events[: -SHOWN_OCCURRENCES - 1 : -1]
        ],
        "last_purchases": [
            _occurrence(one, name="product_id", text=_paid(one))
            for one in purchases[: -SHOWN_OCCURRENCES - 1 : -1]
        ],
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


def _occurrence(sent: dict[str, Any], *, name: str, text: str) -> dict[str, str]:
    return {"name": sent[name], "time": sent["time"], "text": text}


def _paid(sent: dict[str, Any]) -> str:
    times = f"{sent.get('quantity', 1)} \N{MULTIPLICATION SIGN}"
    return f"{times} {sent['price']} {sent['currency']}"


def _shelf(catalog: Catalog) -> dict[str, Any]:
    fields, items = len(catalog.fields), len(catalog.items)
    return {"name": catalog.name, "field_count": fields, "item_count": items}


def _members(state: State) -> list[dict[str, Any]]:
    people = state.workspace.by_braze_id.values()
    counts = Counter(one for person in people for one in person.cohorts or ())
    return [
        {"id": cohort_id, "name": cohort.name, "members": counts[cohort_id]}
        for cohort_id, cohort in state.cohorts.items()
    ]


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
