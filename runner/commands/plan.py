"""`runner plan`: what a push would send, without sending or recording anything."""

from __future__ import annotations

import click

from ..destinations import held_collections
from ..errors import BrokenSync, GuardError
from ..ledger import Ledger
from ..planning import make_plan, without_broken
from ..project import Selection
from ..report import plan_json, plan_markdown, plan_text
from ..tested import held_by_tests
from .options import Workplace, format_option, project_options, say, select_option


@click.command()
@project_options
@select_option
@format_option("markdown")
def plan(selection: Selection, select: tuple[str, ...], output: str) -> None:
    """Show what a push would send.

    Counts rows, requests and data points, and shows a few payloads with PII masked.
    Changes nothing. Exits with 3 when a guard would refuse the push.

    \b
    Example:
      runner plan
      runner plan -s braze_customer_attributes --format markdown
    """
    place = Workplace(selection)
    syncs = place.syncs(select)
    held = held_by_tests(place.project)
    broken: list[BrokenSync] = []
    collections = held_collections(syncs)
    waiting = [sync.name for sync in syncs if sync.name in held]
    with place.warehouse.open(read_only=True) as connection:
        ledger = Ledger(connection, place.manifest.ledger)
        found = without_broken(
            [sync for sync in syncs if sync.name not in held],
            lambda readable: make_plan(
                ledger,
                place.manifest,
                readable,
                place.limits,
                outbox=lambda number: f"runner_outbox_{number}",
                held=collections,
            ),
            broken.append,
        )
    if output == "json":
        click.echo(plan_json(found))
    elif output == "markdown":
        click.echo(plan_markdown(found, place.limits))
    else:
        click.echo(plan_text(found, place.limits))
    for error in broken:
        say(str(error))
    if found.guards or waiting:
        lines = [f"{guard.sync}: {guard.text}" for guard in found.guards]
        lines += [f"{name}: {'; '.join(held[name])}" for name in waiting]
        raise GuardError("\n".join([*lines, "A push would hold this back."]))
    if broken:
        raise SystemExit(max(error.exit_code for error in broken))
