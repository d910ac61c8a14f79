"""`runner check`: everything that can be wrong before a push, found without one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from ..braze import Lane
from ..catalogs import CATALOGS
from ..columns import check_columns
from ..destinations import braze, held_collections, store_not_set, with_partner
from ..errors import ConfigError, DeliveryError
from ..ledger import Ledger
from ..manifest import Sync
from ..movable_ink import destination as movable_ink
from ..operations import Operation
from ..outcome import Kind, classify
from ..project import Selection
from ..refusals import Sent
from ..result import Destination
from ..retries import stopping_error
from ..settings import Limits
from .options import (
    Workplace,
    format_option,
    project_options,
    select_option,
)


@click.command()
@project_options
@select_option
@format_option()
def check(selection: Selection, select: tuple[str, ...], output: str) -> None:
    """Check configuration, warehouse and key.

    Reads the project, opens the warehouse, looks at every sync's columns and asks
    Braze for each permission they need, with requests that hold nothing. Changes
    nothing.

    \b
    Example:
      runner check
    """
    place = Workplace(selection)
    syncs = place.syncs(select)
    with place.warehouse.open(read_only=True) as connection:
        ledger = Ledger(connection, place.manifest.ledger)
        ledger.require()
        for sync in syncs:
            check_columns(ledger.connection, sync)
    found: dict[str, Any] = {
        "project": place.project.name,
        "target": place.project.target,
        "warehouse": place.warehouse.name,
    }
    found |= _check_braze([sync for sync in syncs if sync.is_to_braze], place)
    found |= _check_movable_ink(
        [sync for sync in syncs if sync.destination == "movable_ink"]
    )
    found |= _check_store([sync for sync in syncs if sync.is_collection])
    found["syncs"] = [sync.name for sync in syncs]
    if output == "json":
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        text = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:12} {text}")


def _check_braze(syncs: Sequence[Sync], place: Workplace) -> dict[str, Any]:
    if not syncs:
        return {}
    to = with_partner(braze(), syncs)
    permissions = check_keys(to, syncs, place.limits)
    return {"endpoint": to.endpoint, "key": "accepted", "permissions": permissions}


def _check_movable_ink(syncs: Sequence[Sync]) -> dict[str, Any]:
    """Its one request records an event: that is for `runner movable-ink test`."""
    if not syncs:
        return {}
    return {"movable_ink": movable_ink.from_environment(syncs[0].name).endpoint}


def _check_store(syncs: Sequence[Sync]) -> dict[str, Any]:
    """The store need not be there yet: the first push makes it."""
    if not syncs:
        return {}
    held = held_collections(syncs)
    if held is None:
        raise store_not_set(syncs[0].name)
    return {"collections": sorted(held)}


def check_keys(to: Destination, syncs: Sequence[Sync], limits: Limits) -> list[str]:
    """Ask each endpoint that the syncs need, with a request that holds nothing.

    Returns the permissions that were accepted; raises AuthError for one that is not.
    Braze answers 400 to an empty request once it has accepted the key; of catalogs the
    list is read, since every other request of theirs would change something.
    """
    asked: dict[str, Operation] = {}
    for sync in syncs:
        for operation in sync.operations:
            if operation.is_partner and operation.is_definition:
                # It would make a cohort; the keys are the same as for its members.
                continue
            is_catalog = operation.pool in {"catalogs", "items"}
            asked.setdefault(CATALOGS if is_catalog else operation.path, operation)
    for path, operation in asked.items():
        _ask(to, path, operation, limits)
    return sorted({operation.permission for operation in asked.values()})


def _ask(to: Destination, path: str, operation: Operation, limits: Limits) -> None:
    call = operation.call("", to.credentials)
    key = "" if operation.is_partner else to.credentials.key
    lane = Lane(to.endpoint, key, limits)
    try:
        if path == CATALOGS:
            answer = lane.send("GET", CATALOGS)
        else:
            body = call.body(()) if operation.is_partner else b"{}"
            answer = lane.send(call.method, call.path, body)
    finally:
        lane.close()
    if not answer.status:
        msg = f"{to.endpoint}: {answer.failure}. Check BRAZE_REST_ENDPOINT."
        raise DeliveryError(msg)
    sent = Sent((), permission=operation.permission, is_partner=operation.is_partner)
    outcome = classify(answer.status, answer.headers, answer.body, sent)
    if outcome.kind in {Kind.AUTH, Kind.CONFIG}:
        raise stopping_error(outcome)
    if outcome.kind in {Kind.WAIT, Kind.RETRY} and answer.status >= 400:
        msg = (
            f"{to.endpoint}: {outcome.reason}. Nothing is wrong here; try again later."
        )
        raise DeliveryError(msg)
    good = {200, 201} if path == CATALOGS or operation.is_partner else set()
    if answer.status not in good | {400}:
        msg = f"{to.endpoint} answered {answer.status}, not as Braze does."
        raise ConfigError(msg)
