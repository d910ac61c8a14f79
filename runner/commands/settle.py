"""`runner unknown settle`: let Currents say which unknown rows have arrived."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from .. import sightings
from ..ledger import Ledger
from ..masking import shown_key
from ..project import Selection
from ..report import table
from .options import Workplace, format_option, project_options, select_option


@click.command()
@project_options
@select_option
@format_option()
@click.option(
    "--after",
    "hours",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="How long Currents may take to bring an event back.",
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
def settle(
    selection: Selection, select: tuple[str, ...], output: str, hours: int, limit: int
) -> None:
    """Mark as sent the events and purchases that Currents has brought back.

    They are known by the event_id in their properties. What did not come back stays
    unknown; once Currents has files of its type of HOURS after its sending, and none in
    between that was not read, it is listed as not seen, for somebody to decide. Nothing
    is ever sent again by this command.

    \b
    Example:
      runner currents load s3://bucket/prefix
      runner unknown settle
    """
    place = Workplace(selection)
    syncs = place.syncs(select)
    schema = place.project.currents_schema
    with place.warehouse.open() as connection:
        ledger = Ledger(connection, place.manifest.ledger)
        with place.recovery.exclusive(ledger):
            found = sightings.settle(ledger, syncs, schema, timedelta(hours=hours))

    def shown(row: sightings.Parked) -> list[str]:
        since = f"{row.unknown_at:%Y-%m-%d %H:%M:%SZ}"
        return [row.sync, shown_key(row.row_key, row.payload), row.run_id, since]

    header = ["sync", "row key", "run", "since"]
    rows = [shown(row) for row in found.not_seen]
    until = {kind: f"{at:%Y-%m-%dT%HZ}" for kind, at in found.covered_until.items()}
    if output == "json":
        names = [name.replace(" ", "_") for name in header]
        said = {
            "settled": found.count,
            "not_seen": [dict(zip(names, row, strict=True)) for row in rows],
            "waiting": len(found.waiting),
            "covered_until": until,
            "not_loaded": found.not_loaded,
        }
        click.echo(json.dumps(said))
        return
    click.echo(f"{found.count:,} rows arrived and count as sent now.")
    if found.waiting:
        click.echo(
            f"{len(found.waiting):,} rows may still come, or came in hours of which no "
            "file was read."
        )
        for event_type, hour in until.items():
            click.echo(f"{event_type} is loaded until {hour}.")
    for event_type in found.not_loaded:
        click.echo(f"{event_type} was never loaded: is it part of your Currents?")
    if rows:
        click.echo(f"{len(rows):,} rows were not seen; see --resend, --mark-sent.")
        click.echo(table(header, rows[:limit]))
        if len(rows) > limit:
            click.echo(f"... and {len(rows) - limit:,} more; see --limit.")
