"""`runner explain`: why a customer's attribute was or was not sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from .. import lease as leases
from ..explain import verdict
from ..ledger import Ledger
from ..project import Selection
from ..sought import Key
from ..tested import held_by_tests
from ..trace import Facts, Found, trace
from .options import Workplace, format_option, project_options, say


@click.command()
@project_options
@click.option(
    "--select",
    "-s",
    "--sync",
    multiple=True,
    metavar="SYNC",
    help="A sync's name, a glob such as 'braze_*', or tag:NAME. Repeatable.",
)
@format_option()
@click.argument("key")
def explain(
    selection: Selection, select: tuple[str, ...], output: str, key: str
) -> None:
    """Say why a customer's attribute was or was not sent.

    KEY is what identifies somebody or something in a mart: an external_id, a braze_id,
    an e-mail address, a phone number, an alias, an item's id, an event's key. Shows the
    mart row, the ledger row, the pending row, refusals and the last run of each sync,
    with PII masked, and says in one sentence what follows. Changes nothing.

    \b
    Example:
      runner explain C10009
      runner explain C10009 -s braze_customer_attributes
    """
    place = Workplace(selection)
    syncs = place.syncs(select)
    tables = place.manifest.ledger
    held = held_by_tests(place.project)
    asked = Key(key)
    with place.warehouse.open(read_only=True) as connection:
        at_work = leases.holder(Ledger(connection, tables))
        found = [
            trace(connection, tables, sync, asked, held.get(sync.name, ()))
            for sync in syncs
        ]
    if output == "json":
        click.echo(
            json.dumps([_as_json(asked, facts) for facts in found], default=_iso)
        )
        return
    if at_work:
        say(f"{at_work} is pushing: what it has on the way is still pending here.")
    click.echo("\n\n".join("\n".join(_lines(asked, facts)) for facts in found))


def _as_json(key: Key, facts: Facts) -> dict[str, Any]:
    kinds = {
        name: {"count": rows.count, "rows": rows.rows} for name, rows in _kinds(facts)
    }
    return {
        "sync": facts.sync.name,
        "object": facts.sync.object,
        **kinds,
        "suppressed_at": facts.suppressed_at,
        "held": facts.held,
        "last_run": facts.last_run,
        "verdict": verdict(key, facts),
    }


def _kinds(facts: Facts) -> Iterator[tuple[str, Found]]:
    """Every kind of row, by the name under which it is shown."""
    for name in ("mart", "sent", "pending", "rejected", "unknown"):
        yield name, getattr(facts, name)


def _lines(key: Key, facts: Facts) -> Iterator[str]:
    yield f"{facts.sync.name} ({facts.sync.object})"
    for name, found in _kinds(facts):
        if not found.count:
            yield f"  {name:10}-"
        for row in found.rows:
            yield f"  {name:10}{_row_text(row)}"
        if found.count > len(found.rows):
            yield f"  {'':10}... and {found.count - len(found.rows):,} more"
    run = facts.last_run
    if run:
        ended = run["outcome"] or "at work, or cut off"
        told = f": {run['message']}" if run["message"] else ""
        yield f"  {'last run':10}{run['run_id']} {ended}{told}"
    for reason in facts.held:
        yield f"  {'held':10}{reason}"
    yield f"  {verdict(key, facts)}"


def _row_text(row: dict[str, Any]) -> str:
    """A row on one line: what is known of it, then what it holds."""
    words = []
    for name, value in row.items():
        if name == "row" or value is None or value is False or name == "key_count":
            continue
        text = _iso(value) if isinstance(value, datetime) else str(value)
        words.append(text if name in {"change", "row_key"} else f"{name} {text}")
    return " ".join([*words, row["row"]])


def _iso(value: object) -> str:
    """Times of the ledger are in UTC, without a zone."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    raise TypeError(type(value).__name__)
