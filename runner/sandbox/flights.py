"""Sees who is written by requests that overlap: two writes of one user may lose one.

Must not look people up: a user is known by the identifier a request names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from .objects import identifiers, user_of
from .track import ARRAYS

_EMAIL: Final = "email:"
_MISSING: Final = (None, "")
# Where the bodies of the endpoints but /users/track name people, and as what.
_KINDS: Final = {
    "external_id": "",
    "external_ids": "",
    "user_ids": "",
    "current_external_id": "",
    "new_external_id": "",
    "braze_ids": "braze_id:",
    "device_ids": "device_id:",
    "email": _EMAIL,
    "emails": _EMAIL,
    "phone": "phone:",
    "phones": "phone:",
}


@dataclass(slots=True)
class Flights:
    """Counts requests in flight for each user, and the most there ever were."""

    most: int = 0
    locked: set[str] = field(default_factory=set)
    _aloft: dict[str, int] = field(default_factory=dict)

    def take_off(self, names: Collection[str], lock: str | None) -> None:
        """Note that a request begins to write these users, and to hold a lock."""
        if lock is not None:
            self.locked.add(lock)
        if self._aloft.keys().isdisjoint(names):
            self._aloft.update(dict.fromkeys(names, 1))
            self.most = max(self.most, 1 if names else 0)
            return
        for name in names:
            self._aloft[name] = count = self._aloft.get(name, 0) + 1
            self.most = max(self.most, count)

    def land(self, names: Collection[str], lock: str | None) -> None:
        """Note that the answer is about to leave."""
        if lock is not None:
            self.locked.discard(lock)
        for name in names:
            if (count := self._aloft.pop(name)) > 1:
                self._aloft[name] = count - 1


def in_objects(body: Any) -> set[str]:
    """Name the users of a /users/track body; an external id stands for itself."""
    try:
        # Nearly every request is of this plain form, and this is many times faster.
        names = {sent["external_id"] for name in ARRAYS for sent in body.get(name, ())}
    except (AttributeError, KeyError, TypeError):
        names = {None}
    return names if names.isdisjoint(_MISSING) else _each_named(body)


def in_identities(body: Any) -> set[str]:
    """Name the users of a body that holds nothing but people."""
    return set(_walk(body, kind=None))


def named(body: Any) -> set[str]:
    """List every text in a body that names a person or an item."""
    body = body if isinstance(body, dict) else {}
    rows = [row for one in body.values() if isinstance(one, list) for row in one]
    texts = {text for row in rows for text in identifiers(row)}
    texts |= {str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row}
    return texts | in_identities(body)


def cohort_of(body: Any) -> str | None:
    """Name what a cohort request locks."""
    cohort_id = body.get("cohort_id") if isinstance(body, dict) else None
    return cohort_id if isinstance(cohort_id, str) else None


def _each_named(body: Any) -> set[str]:
    lists = [body.get(name) for name in ARRAYS] if isinstance(body, dict) else []
    sent = [one for items in lists if isinstance(items, list) for one in items]
    return {name for one in sent if (name := user_of(one)) is not None}


def _walk(value: Any, *, kind: str | None) -> Iterator[str]:
    if isinstance(value, str | int):
        if kind is not None:
            yield f"{kind}{value}".lower() if kind == _EMAIL else f"{kind}{value}"
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, kind=kind)
    elif isinstance(value, dict) and "alias_label" in value:
        names = ("alias_name", "old_alias_name", "new_alias_name")
        for name in (value[one] for one in names if one in value):
            yield f"user_alias:{value['alias_label']}:{name}"
        yield from _walk(value.get("external_id"), kind="")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, kind=_KINDS.get(name))
