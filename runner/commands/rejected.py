"""`runner rejected`: the rows that Braze or the runner refused, and why."""

from __future__ import annotations

import json

import click

from ..masking import masked_payload, shown_key, without_addresses
from ..project import Selection
from ..report import table
from .options import Workplace, format_option, project_options, select_option


@click.command()
@project_options
@select_option
@format_option()
@click.option("--retry", is_flag=True, help="Offer them to the next push again.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
def rejected(
    selection: Selection,
    select: tuple[str, ...],
    output: str,
    limit: int,
    *,
    retry: bool,
) -> None:
    """List rejected rows, or retry them.

    A rejected row is not sent again until it changes in the mart, or until you ask.

    \b
    Example:
      runner rejected
      runner rejected -s braze_customer_attributes --retry
    """
    place = Workplace(selection)
    syncs = {sync.name: sync for sync in place.syncs(select)}
    ledger_table = place.manifest.ledger["ledger_rejected_rows"]
    names = list(syncs)
    with place.warehouse.open(read_only=not retry) as connection:
        if retry:
            count = connection.change(
                f"delete from {ledger_table} where {connection.among('sync')}", [names]
            )
            text = f"{count:,} rows will be offered to the next push again."
            click.echo(json.dumps({"retried": count}) if output == "json" else text)
            return
        rows = connection.execute(
            "select sync, row_key, status, reason, attempts, payload "
            f"from {ledger_table} where {connection.among('sync')} "
            f"order by rejected_at desc, sync, row_key limit {limit}",
            [names],
        ).fetchall()
        total = connection.execute(
            f"select count(*) from {ledger_table} where {connection.among('sync')}",
            [names],
        ).fetchone()
    shown = [
        [
            sync,
            shown_key(key, payload or ""),
            status,
            without_addresses(reason or ""),
            attempts,
            masked_payload(payload or "", syncs[sync].pii),
        ]
        for sync, key, status, reason, attempts, payload in rows
    ]
    header = ["sync", "row key", "status", "reason", "attempts", "payload"]
    if output == "json":
        keys = [name.replace(" ", "_") for name in header]
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in shown]))
    elif not shown:
        click.echo("No rejected rows.")
    else:
        click.echo(table(header, shown))
        if total and total[0] > len(shown):
            click.echo(f"... and {total[0] - len(shown):,} more; see --limit.")
