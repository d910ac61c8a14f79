"""`runner check`: everything that can be wrong before a push, found without one."""

from __future__ import annotations

import json

import click

from ..braze import Lane
from ..columns import check_columns
from ..errors import ConfigError, DeliveryError
from ..ledger import Ledger
from ..outcome import Kind, classify
from ..project import Selection
from ..refusals import Sent
from ..result import Destination
from ..retries import stopping_error
from ..settings import Limits
from .options import (
    Workplace,
    destination,
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
    Braze about the key with a request that holds no object. Changes nothing.

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
    to = destination()
    check_key(to, place.limits)
    found = {
        "project": place.project.name,
        "target": place.project.target,
        "warehouse": str(place.warehouse.path),
        "endpoint": to.endpoint,
        "key": "accepted",
        "syncs": [sync.name for sync in syncs],
    }
    if output == "json":
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        text = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:10} {text}")


def check_key(to: Destination, limits: Limits) -> None:
    """Ask with an empty request: Braze answers 400 once it has accepted the key."""
    lane = Lane(to.endpoint, to.credentials.key, limits)
    try:
        answer = lane.send("POST", "/users/track", b"{}")
    finally:
        lane.close()
    if not answer.status:
        msg = f"{to.endpoint}: {answer.failure}. Check BRAZE_REST_ENDPOINT."
        raise DeliveryError(msg)
    outcome = classify(answer.status, answer.headers, answer.body, Sent(()))
    if outcome.kind in {Kind.AUTH, Kind.CONFIG}:
        raise stopping_error(outcome)
    if outcome.kind in {Kind.WAIT, Kind.RETRY} and answer.status >= 400:
        msg = (
            f"{to.endpoint}: {outcome.reason}. Nothing is wrong here; try again later."
        )
        raise DeliveryError(msg)
    if answer.status != 400:
        msg = f"{to.endpoint} answered {answer.status}, not as Braze does."
        raise ConfigError(msg)
