"""Owns one profile: writing an attributes object to it, and the views of it.

Must not look profiles up, validate requests, or know of HTTP.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from sys import intern
from typing import Any, Final, Literal, NamedTuple, get_args

from . import values
from .dates import as_utc
from .fields import CONTROL, FIELDS
from .values import MAX_TEXT, SCALARS, Ignored, ignore

# Ours: enough for the page, little enough for 300,000 profiles.
KEPT_CHANGES = 20

Identifier = Literal["external_id", "braze_id", "user_alias", "email", "phone"]
_IDENTIFIERS: Final[tuple[Identifier, ...]] = get_args(Identifier)
_MISSING: Final = (None, "")
_NOTHING_IGNORED: Final[dict[str, str]] = {}


class Rules(NamedTuple):
    """The blocklist, and with it every name that is not plainly a custom attribute."""

    special: frozenset[str]
    blocklist: frozenset[str]


class Change(NamedTuple):
    """One object's effect: names written, and names Braze silently ignored."""

    at: float
    request: int
    written: tuple[str, ...]
    ignored: dict[str, str]
    data_points: int


@dataclass(slots=True)
class Profile:
    """Everything the sandbox knows of one person."""

    braze_id: str
    created_at: float
    external_id: str | None = None
    updated: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    deprecated_ids: list[str] | None = None
    aliases: dict[str, str] | None = None
    events: list[dict[str, Any]] | None = None
    purchases: list[dict[str, Any]] | None = None
    cohorts: set[str] | None = None
    past: list[tuple[float, dict[str, Any]]] | None = None
    changes: list[Change] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Name the profile in the sandbox's own answers."""
        return self.external_id or f"braze_id:{self.braze_id}"


def write_attributes(
    profile: Profile,
    sent: dict[str, Any],
    *,
    rules: Rules,
    at: float,
    request: int,
) -> Change:
    """Apply one attributes object and note what it wrote."""
    custom, points, special = profile.custom, 0, rules.special
    identifier = identified_by(sent)
    written: list[str] = []
    ignored: dict[str, str] | None = None
    for name, value in sent.items():
        try:
            if name in special:
                if name in CONTROL:
                    continue
                cost = _write_special(profile, name, value, rules=rules)
                points += 0 if name == identifier else cost
            elif value is None:
                custom.pop(name, None)
                points += 1
            elif len(name) > MAX_TEXT:
                ignore(f"a name of more than {MAX_TEXT} characters")
            elif (kind := type(value)) in SCALARS and (
                kind is not str or len(value) <= MAX_TEXT
            ):
                custom[intern(name)] = value
                points += 1
            else:
                merge = sent.get("_merge_objects") is True
                old = custom.get(name)
                custom[intern(name)], cost = values.write(old, value, merge=merge)
                points += cost
            written.append(name)
        except Ignored as reason:
            ignored = {**(ignored or {}), name: str(reason)}
    change = Change(at, request, _shared(written), ignored or _NOTHING_IGNORED, points)
    profile.changes.append(change)
    if len(profile.changes) > KEPT_CHANGES:
        del profile.changes[0]
    return change


def as_braze_knows_it(profile: Profile) -> dict[str, Any]:
    """Return a deep copy of the profile in the shape of Braze's export, and more."""
    aliases = [
        {"alias_name": name, "alias_label": label}
        for label, name in (profile.aliases or {}).items()
    ]
    view: dict[str, Any] = {
        "external_id": profile.external_id,
        "braze_id": profile.braze_id,
        "created_at": datetime.fromtimestamp(profile.created_at, UTC).isoformat(),
        "deprecated_external_ids": list(profile.deprecated_ids or []),
        "user_aliases": aliases,
        **_copied(profile.fields),
        "custom_attributes": _copied(profile.custom),
        "custom_attribute_types": {
            name: values.type_name(value) for name, value in profile.custom.items()
        },
        "cohorts": sorted(profile.cohorts or []),
        "custom_events": _counts(profile.events or [], name="name"),
        "purchases": _counts(profile.purchases or [], name="product_id"),
        "event_log": copy.deepcopy(profile.events or []),
        "purchase_log": copy.deepcopy(profile.purchases or []),
    }
    return view


def _write_special(profile: Profile, name: str, sent: Any, *, rules: Rules) -> int:
    if name in rules.blocklist:
        ignore("on the blocklist")
    standard = FIELDS[name]
    value = None if sent is None else standard.accept(sent)
    if name == "subscription_groups" and value is not None:
        value = with_groups(profile.fields.get(name, []), value)
    if value is None:
        profile.fields.pop(name, None)
    else:
        profile.fields[name] = value
    if sent is not None and value is None:
        ignore(f"{str(sent)[:40]!r} is not known and was stored as null")
    return standard.data_points


def identified_by(sent: dict[str, Any]) -> Identifier | None:
    """Name the identifier that decides whose object this is."""
    for name in _IDENTIFIERS:
        if sent.get(name) not in _MISSING:
            return name
    return None


def with_groups(
    old: Iterable[dict[str, Any]], new: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the states of the groups after the new ones were set."""
    states = {group["subscription_group_id"]: group for group in old}
    for group in new:
        states[group["subscription_group_id"]] = {
            "subscription_group_id": group["subscription_group_id"],
            "subscription_state": group["subscription_state"],
        }
    return list(states.values())


_SHARED: dict[tuple[str, ...], tuple[str, ...]] = {}
# Ours: rows of one sync write the same few sets of names.
_SHARED_LIMIT = 10_000


def _shared(names: list[str]) -> tuple[str, ...]:
    """Keep one copy of each set of names, not one for each profile."""
    key = tuple(names)
    if len(_SHARED) > _SHARED_LIMIT:
        _SHARED.clear()
    return _SHARED.setdefault(key, key)


def _copied(stored: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if type(value) in SCALARS else copy.deepcopy(value)
        for name, value in stored.items()
    }


def _counts(log: list[dict[str, Any]], *, name: str) -> list[dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    epoch = datetime.fromtimestamp(0, UTC)
    for entry in log:
        seen = counts.setdefault(
            entry[name],
            {
                "name": entry[name],
                "first": entry["time"],
                "last": entry["time"],
                "count": 0,
            },
        )
        seen["count"] += entry.get("quantity", 1)
        moment = as_utc(entry["time"], otherwise=epoch)
        if moment < as_utc(seen["first"], otherwise=epoch):
            seen["first"] = entry["time"]
        if moment >= as_utc(seen["last"], otherwise=epoch):
            seen["last"] = entry["time"]
    return list(counts.values())
