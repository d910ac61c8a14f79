"""The table of Braze's endpoints: who answers, by which permission, at which rate.

Must hold nothing but the table and how a path is found in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from .. import flights
from ..calls import Call, Reply
from ..state import State
from ..track import count_objects
from . import (
    aliases,
    catalog_item,
    catalog_items,
    catalogs,
    cohorts,
    export,
    external_ids,
    people,
    subscriptions,
    users,
)

ANYTHING: Final = "*"
Handle = Callable[[State, Call], Reply]


def _nobody(_: Any) -> set[str]:
    return set()


def _nothing(_: Any) -> int:
    return 0


def _one(_: Any) -> int:
    return 1


def _nothing_locked(_: Any) -> str | None:
    return None


def _rows(body: Any) -> int:
    """Count the rows of a request: whatever its lists hold."""
    lists = body.values() if isinstance(body, dict) else []
    return sum(len(rows) for rows in lists if isinstance(rows, list))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint; without a permission its keys are in the body.

    `count` counts what a body writes, `touched` names whom; `locks` names what no
    other request may change meanwhile. `has_errors` tells that single entries can be
    refused.
    """

    handle: Handle
    permission: str | None
    pool: str
    count: Callable[[Any], int] = _nothing
    touched: Callable[[Any], set[str]] = _nobody
    locks: Callable[[Any], str | None] = _nothing_locked
    has_errors: bool = False


def _people(
    handle: Handle, permission: str, pool: str = "identity", *, has_errors: bool = False
) -> Endpoint:
    return Endpoint(
        handle,
        permission,
        pool,
        _rows,
        flights.in_identities,
        has_errors=has_errors,
    )


def _objects(handle: Handle, permission: str, pool: str) -> Endpoint:
    return Endpoint(
        handle,
        permission,
        pool,
        count_objects,
        flights.in_objects,
        has_errors=True,
    )


def _cohort(handle: Handle, count: Callable[[Any], int]) -> Endpoint:
    return Endpoint(
        handle,
        None,
        "cohorts",
        count,
        flights.in_identities,
        flights.cohort_of,
    )


def _items(verb: str, permission: str) -> Endpoint:
    handle = catalog_items.bulk(verb)
    return Endpoint(handle, f"catalogs.{permission}", "catalog_items", _rows)


def _item(verb: str, permission: str) -> Endpoint:
    handle = catalog_item.get if verb == "GET" else catalog_item.write(verb)
    return Endpoint(handle, f"catalogs.{permission}", "catalog_item", _rows)


_SET: Final = "subscription.status.set"
_TABLE: Final[dict[str, Endpoint]] = {
    "POST /users/track": _objects(users.track, "users.track", "track"),
    "POST /users/track/bulk": _objects(users.bulk, "users.track.bulk", "bulk"),
    "POST /users/export/ids": Endpoint(export.export_ids, "users.export.ids", "export"),
    "POST /users/alias/new": _people(aliases.new, "users.alias.new", has_errors=True),
    "POST /users/alias/update": _people(
        aliases.update, "users.alias.update", has_errors=True
    ),
    "POST /users/identify": _people(
        aliases.identify, "users.identify", has_errors=True
    ),
    "POST /users/merge": _people(people.merge, "users.merge"),
    "POST /users/delete": _people(people.delete, "users.delete"),
    "POST /users/external_ids/rename": _people(
        external_ids.rename, "users.external_ids.rename", "rename", has_errors=True
    ),
    "POST /users/external_ids/remove": _people(
        external_ids.remove, "users.external_ids.remove", "remove", has_errors=True
    ),
    "POST /subscription/status/set": _people(
        subscriptions.set_v1, _SET, "subscriptions"
    ),
    "POST /v2/subscription/status/set": _people(
        subscriptions.set_v2, _SET, "subscriptions"
    ),
    "GET /subscription/status/get": Endpoint(
        subscriptions.status, "subscription.status.get", "shared"
    ),
    "GET /subscription/user/status": Endpoint(
        subscriptions.user_status, "subscription.groups.get", "shared"
    ),
    "POST /catalogs": Endpoint(catalogs.create, "catalogs.create", "catalogs", _rows),
    "GET /catalogs": Endpoint(catalogs.listing, "catalogs.get", "catalogs"),
    "DELETE /catalogs/*": Endpoint(catalogs.delete, "catalogs.delete", "catalogs"),
    "POST /catalogs/*/fields": Endpoint(
        catalogs.add_fields, "catalogs.create_fields", "catalog_fields", _rows
    ),
    "DELETE /catalogs/*/fields/*": Endpoint(
        catalogs.drop_field, "catalogs.delete_fields", "catalog_fields"
    ),
    "POST /catalogs/*/items": _items("POST", "add_items"),
    "PATCH /catalogs/*/items": _items("PATCH", "update_items"),
    "PUT /catalogs/*/items": _items("PUT", "replace_items"),
    "DELETE /catalogs/*/items": _items("DELETE", "delete_items"),
    "GET /catalogs/*/items": Endpoint(
        catalog_items.listing, "catalogs.get_items", "catalog_item"
    ),
    "POST /catalogs/*/items/*": _item("POST", "create_item"),
    "PATCH /catalogs/*/items/*": _item("PATCH", "update_item"),
    "PUT /catalogs/*/items/*": _item("PUT", "replace_item"),
    "DELETE /catalogs/*/items/*": _item("DELETE", "delete_item"),
    "GET /catalogs/*/items/*": _item("GET", "get_item"),
    "POST /partners/*/cohorts": _cohort(cohorts.set_cohort, _one),
    "POST /partners/*/cohorts/users": _cohort(cohorts.change_users, _rows),
}
_SPLIT: Final = {
    tuple(name.replace(" ", "").split("/")): endpoint
    for name, endpoint in _TABLE.items()
    if ANYTHING in name
}
NAMES: Final = (*_TABLE,)


def find(method: str, path: str) -> tuple[Endpoint, tuple[str, ...]] | None:
    """Find who answers, and the names in the path."""
    if (
        endpoint := _TABLE.get(f"{method} {path}")
    ) is not None and ANYTHING not in path:
        return endpoint, ()
    parts = (method, *path.split("/")[1:])
    for template, found in _SPLIT.items():
        if len(template) == len(parts) and all(
            wanted in (ANYTHING, part)
            for wanted, part in zip(template, parts, strict=True)
        ):
            pairs = zip(template, parts, strict=True)
            return found, tuple(unquote(one) for name, one in pairs if name == ANYTHING)
    return None
