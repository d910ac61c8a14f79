"""Handles /catalogs/{name}/items in bulk, and page by page.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from .. import catalog_rules as rules
from .. import faults
from ..calls import Call, Reply
from ..catalog_rules import Error
from ..catalogs import WRITES, Catalog
from ..state import State
from .catalogs import SUCCESS, invalid, not_found

# Contract sheet 4.3.
PAGE = 50


def bulk(verb: str) -> Callable[[State, Call], Reply]:
    """Return what answers a verb: all items are accepted, or none of them."""

    def handle(state: State, call: Call) -> Reply:
        (name,) = call.names
        if (wrong := rules.array_error(call.body)) is not None:
            return invalid(wrong)
        items = call.body["items"]
        with state.lock:
            catalog = state.catalogs.get(name)
            if catalog is None:
                return not_found(name)
            if errors := _errors(catalog, items, verb=verb):
                call.received.rejected = len(errors)
                return invalid(*errors)
            _queue(state, call, catalog, items, verb=verb)
        return Reply(202, SUCCESS)

    return handle


def listing(state: State, call: Call) -> Reply:
    """List fifty items, and link to the pages before and after."""
    (name,) = call.names
    with state.lock:
        catalog = state.catalogs.get(name)
        if catalog is None:
            return not_found(name)
        try:
            begin = _read_cursor(call.query.get("cursor", [""])[0])
        except ValueError:
            return invalid(rules.error("invalid-cursor", "The cursor is not valid"))
        ids = [*catalog.items][begin : begin + PAGE]
        items = [dict(catalog.items[one]) for one in ids]
        links = [
            _link(name, at, relation)
            for at, relation in ((begin - PAGE, "prev"), (begin + PAGE, "next"))
            if 0 <= at < len(catalog.items)
        ]
    headers = {"link": ", ".join(links)} if links else {}
    return Reply(200, {"items": items, **SUCCESS}, headers)


def _errors(catalog: Catalog, items: list[dict[str, Any]], *, verb: str) -> list[Error]:
    if found := rules.id_errors(items):
        return found
    types = {"id": "string"} if verb == "DELETE" else catalog.fields
    return [
        wrong
        for item in items
        if (
            wrong := rules.item_error(
                item, types, item_id=item["id"], may_step=verb == "PATCH"
            )
        )
        is not None
    ]


def _queue(
    state: State,
    call: Call,
    catalog: Catalog,
    items: list[dict[str, Any]],
    *,
    verb: str,
) -> None:
    """Apply accepted items later, if the catalog is still there."""
    if call.received.fault == "lost_items":
        lost = frozenset(faults.choose_lost(state.faults, len(items)))
        items = [item for index, item in enumerate(items) if index not in lost]

    def act() -> None:
        if state.catalogs.get(catalog.name) is catalog:
            write = WRITES[verb]
            state.meters.ignored += sum(not write(catalog, item) for item in items)

    state.later.put(act, at=call.received.at, after=state.settings.delays.items)


def _read_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    return abs(int(urlsafe_b64decode(cursor.encode())))


def _link(name: str, begin: int, relation: str) -> str:
    cursor = urlsafe_b64encode(str(begin).encode()).decode()
    return f'</catalogs/{name}/items?cursor={quote(cursor)}>; rel="{relation}"'
