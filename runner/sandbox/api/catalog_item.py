"""Handles /catalogs/{name}/items/{id}: one item, at once, slowly allowed.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import catalog_rules as rules
from ..calls import Call, Reply
from ..catalog_rules import Error
from ..catalogs import WRITES, Catalog
from ..state import State
from .catalogs import SUCCESS, invalid, not_found


def get(state: State, call: Call) -> Reply:
    """Read one item."""
    name, item_id = call.names
    with state.lock:
        catalog = state.catalogs.get(name)
        if catalog is None:
            return not_found(name)
        item = catalog.items.get(item_id)
        if item is None:
            return _no_item(item_id)
        return Reply(200, {"items": [dict(item)], **SUCCESS})


def write(verb: str) -> Callable[[State, Call], Reply]:
    """Return what answers a verb that writes one item."""

    def handle(state: State, call: Call) -> Reply:
        name, item_id = call.names
        with state.lock:
            catalog = state.catalogs.get(name)
            if catalog is None:
                return not_found(name)
            if errors := rules.id_errors([{"id": item_id}]):
                return invalid(*errors)
            if (wrong := _refusal(catalog, call.body, item_id, verb=verb)) is not None:
                return invalid(wrong)
            sent = {} if verb == "DELETE" else call.body["items"][0]
            if not WRITES[verb](catalog, {"id": item_id, **sent}):
                return _exists(item_id) if verb == "POST" else _no_item(item_id)
        return Reply(201 if verb == "POST" else 200, SUCCESS)

    return handle


def _refusal(catalog: Catalog, body: Any, item_id: str, *, verb: str) -> Error | None:
    if verb == "DELETE":
        return None
    if (wrong := rules.array_error(body)) is not None:
        return wrong
    if len(body["items"]) > 1:
        return rules.error("request-includes-too-many-items", "More than one item")
    (item,) = body["items"]
    if "id" in item:
        return rules.error("id-in-body", "The item's id is in the path, not the body")
    return rules.item_error(
        item, catalog.fields, item_id=item_id, may_step=verb == "PATCH"
    )


def _exists(item_id: str) -> Reply:
    return invalid(
        rules.error(
            "item-already-exists",
            "The item already exists",
            parameter="item_id",
            value=item_id,
        )
    )


def _no_item(item_id: str) -> Reply:
    wrong = rules.error(
        "item-not-found", "Could not find item", parameter="item_id", value=item_id
    )
    return invalid(wrong, status=404)
