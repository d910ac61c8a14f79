"""Handles /catalogs and /catalogs/{name}/fields.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .. import catalog_rules as rules
from .. import catalogs as store
from ..calls import Call, Reply
from ..catalog_rules import Error
from ..catalogs import Catalog
from ..state import State

SUCCESS = {"message": "success"}


def invalid(*errors: Error, status: int = 400) -> Reply:
    """Refuse a request with a list of what is wrong."""
    return Reply(status, {"errors": [*errors], "message": "Invalid Request"})


def not_found(name: str) -> Reply:
    """Say that there is no such catalog."""
    return invalid(
        rules.error(
            "catalog-not-found",
            "Could not find catalog",
            parameter="catalog_name",
            value=name,
        ),
        status=404,
    )


def create(state: State, call: Call) -> Reply:
    """Create one catalog, at once."""
    if (wrong := rules.catalog_error(call.body)) is not None:
        return invalid(wrong)
    (sent,) = call.body["catalogs"]
    name = sent["name"]
    catalog = Catalog(
        name=name,
        description=sent.get("description", ""),
        fields={field["name"]: field["type"] for field in sent["fields"]},
        updated_at=_iso(call),
    )
    with state.lock:
        if name in state.catalogs:
            return invalid(
                rules.error(
                    "catalog-name-already-exists",
                    "A catalog with that name already exists",
                    parameter="name",
                    value=name,
                )
            )
        state.catalogs[name] = catalog
        listed = catalog.as_listed()
    return Reply(201, {"catalogs": [listed], **SUCCESS})


def listing(state: State, _: Call) -> Reply:
    """List the catalogs."""
    with state.lock:
        listed = [catalog.as_listed() for catalog in state.catalogs.values()]
    return Reply(200, {"catalogs": listed, **SUCCESS})


def delete(state: State, call: Call) -> Reply:
    """Delete a catalog, at once."""
    (name,) = call.names
    with state.lock:
        if state.catalogs.pop(name, None) is None:
            return not_found(name)
    return Reply(200, SUCCESS)


def add_fields(state: State, call: Call) -> Reply:
    """Accept new fields, which are seen and can be used only later."""
    (name,) = call.names
    body = call.body
    fields = body.get("fields") if isinstance(body, dict) else None
    with state.lock:
        catalog = state.catalogs.get(name)
        if catalog is None:
            return not_found(name)
        wrong = rules.fields_error(fields) or _too_many(catalog, fields)
        if wrong is not None or fields is None:
            return invalid(wrong or rules.error("invalid-fields", "Invalid fields"))
        new = {field["name"]: field["type"] for field in fields}
        catalog.coming |= new
        state.later.put(
            lambda: store.show_fields(catalog, [*new]),
            at=call.received.at,
            after=state.settings.delays.fields,
        )
        catalog.updated_at = _iso(call)
    return Reply(202, SUCCESS)


def drop_field(state: State, call: Call) -> Reply:
    """Accept that a field is deleted, later."""
    name, field = call.names
    with state.lock:
        catalog = state.catalogs.get(name)
        if catalog is None:
            return not_found(name)
        if field == "id" or field not in catalog.fields:
            wrong = rules.error(
                "field-not-found",
                "Could not find field",
                parameter="field_name",
                value=field,
            )
            return invalid(wrong, status=404)
        state.later.put(
            lambda: store.drop_field(catalog, field),
            at=call.received.at,
            after=state.settings.delays.fields,
        )
    return Reply(202, SUCCESS)


def _too_many(catalog: Catalog, fields: Any) -> Error | None:
    known = catalog.fields.keys() | catalog.coming.keys()
    if len(fields) > rules.MAX_NEW_FIELDS:
        message = f"More than {rules.MAX_NEW_FIELDS} fields"
        return rules.error("request-includes-too-many-fields", message)
    if known & {field["name"] for field in fields}:
        return rules.error("field-names-not-unique", "The field exists already")
    if len(known) + len(fields) > rules.MAX_FIELDS:
        message = f"More than {rules.MAX_FIELDS} fields"
        return rules.error("catalog-exceeds-fields-limit", message)
    return None


def _iso(call: Call) -> str:
    return datetime.fromtimestamp(call.received.at, UTC).isoformat()
