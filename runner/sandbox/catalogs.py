"""Owns the catalogs: their fields, their items, and what changes them.

Must not know the form of requests, nor when an accepted change falls due.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

Item = dict[str, Any]


@dataclass(slots=True)
class Catalog:
    """One catalog; `coming` are fields accepted that items may not use yet."""

    name: str
    description: str
    fields: dict[str, str]
    updated_at: str
    coming: dict[str, str] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Copy the types of its fields, and its items by id."""
        return {"fields": dict(self.fields), "items": copy.deepcopy(self.items)}

    def as_listed(self) -> dict[str, Any]:
        """Describe it as GET /catalogs does."""
        fields = [
            {"name": name, "type": kind, "token": str(index - 1)}
            for index, (name, kind) in enumerate(self.fields.items())
        ]
        return {
            "name": self.name,
            "description": self.description,
            "fields": fields,
            "source": "Braze",
            "num_items": len(self.items),
            "storage_size": sum(len(repr(item)) for item in self.items.values()),
            "updated_at": self.updated_at,
        }


def show_fields(catalog: Catalog, names: list[str]) -> None:
    """Let accepted fields be seen and used, unless they were deleted meanwhile."""
    for name in names:
        if name in catalog.coming:
            catalog.fields[name] = catalog.coming.pop(name)


def drop_field(catalog: Catalog, name: str) -> None:
    """Forget a field, and its values with it."""
    catalog.fields.pop(name, None)
    catalog.coming.pop(name, None)
    for item in catalog.items.values():
        item.pop(name, None)


def create(catalog: Catalog, item: Item) -> bool:
    """Add an item, but leave one that exists as it is."""
    if item["id"] in catalog.items:
        return False
    return put(catalog, item)


def put(catalog: Catalog, item: Item) -> bool:
    """Add or replace an item; what it leaves out is empty."""
    kept = {name: value for name, value in item.items() if value is not None}
    catalog.items[item["id"]] = kept
    return True


def patch(catalog: Catalog, item: Item) -> bool:
    """Change the named fields of an item that exists."""
    old = catalog.items.get(item["id"])
    if old is None:
        return False
    for name, value in item.items():
        if value is None:
            old.pop(name, None)
        elif catalog.fields.get(name) == "array" and isinstance(value, dict):
            old[name] = _stepped(old.get(name, []), value)
        else:
            old[name] = value
    return True


def drop(catalog: Catalog, item: Item) -> bool:
    """Delete an item."""
    return catalog.items.pop(item["id"], None) is not None


def _stepped(old: list[str], steps: dict[str, list[str]]) -> list[str]:
    removed = set(steps.get("$remove", ()))
    kept = [value for value in old if value not in removed]
    return kept + [value for value in steps.get("$add", ()) if value not in kept]


WRITES: Final[dict[str, Callable[[Catalog, Item], bool]]] = {
    "POST": create,
    "PUT": put,
    "PATCH": patch,
    "DELETE": drop,
}
