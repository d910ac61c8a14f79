"""`runner unknown`: the rows whose fate nobody knows, and what was decided of them."""

from __future__ import annotations

import json

import click

from .. import unsettled
from ..ledger import Ledger
from ..masking import masked_payload, shown_key, without_addresses
from ..project import Selection
from ..report import table
from .options import Workplace, format_option, project_options, select_option
from .settle import settle


@click.group(invoke_without_command=True)
@click.pass_context
@project_options
@select_option
@format_option()
@click.option("--mark-sent", is_flag=True, help="They arrived: never send them.")
@click.option("--resend", is_flag=True, help="They did not: send them again.")
@click.option("--key", "keys", multiple=True, help="This row key only. Repeatable.")
@click.option("--run", "run_id", metavar="RUN_ID", help="Rows of this run only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
def unknown(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    selection: Selection,
    select: tuple[str, ...],
    output: str,
    keys: tuple[str, ...],
    run_id: str | None,
    limit: int,
    *,
    mark_sent: bool,
    resend: bool,
) -> None:
    """List rows that may have arrived, or settle them.

    An event is sent at most once: when an answer is lost, its rows wait here until
    somebody has looked into Braze. Resending what did arrive counts it twice there.

    \b
    Example:
      runner unknown
      runner unknown -s braze_custom_events --run RUN_ID --mark-sent
      runner unknown -s braze_custom_events --key order-17 --resend
      runner unknown settle
    """
    if context.invoked_subcommand:
        _check_nothing_before(context)
        return
    if mark_sent and resend:
        msg = "--mark-sent and --resend say opposite things; choose one."
        raise click.UsageError(msg)
    place = Workplace(selection)
    syncs = {sync.name: sync for sync in place.syncs(select)}
    if mark_sent or resend:
        decide = unsettled.mark_sent if mark_sent else unsettled.resend
        with place.warehouse.open() as connection:
            ledger = Ledger(connection, place.manifest.ledger)
            with place.recovery.exclusive(ledger):
                chosen = unsettled.Chosen(list(syncs.values()), list(keys), run_id)
                count = decide(ledger, chosen)
        done = "count as sent now" if mark_sent else "will be sent by the next push"
        text = f"{count:,} rows {done}."
        click.echo(json.dumps({"settled": count}) if output == "json" else text)
        return
    with place.warehouse.open(read_only=True) as connection:
        ledger = Ledger(connection, place.manifest.ledger)
        chosen = unsettled.Chosen(list(syncs.values()), list(keys), run_id)
        rows = connection.execute(
            f"""
            select
                sync, row_key, status, reason, run_id, unknown_at, payload,
                count(*) over ()
            from {ledger.unknown}
            where {chosen.clause(ledger)}
            order by unknown_at desc, sync, row_key
            limit {limit}
            """,
            chosen.parameters,
        ).fetchall()
    shown = [
        [
            sync,
            shown_key(key, payload or ""),
            status or None,
            without_addresses(reason or ""),
            run,
            f"{at:%Y-%m-%d %H:%M:%SZ}",
            masked_payload(payload or "", syncs[sync].pii),
        ]
        for sync, key, status, reason, run, at, payload, _ in rows
    ]
    header = ["sync", "row key", "status", "reason", "run", "since", "payload"]
    if output == "json":
        names = [name.replace(" ", "_") for name in header]
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in shown]))
    elif not shown:
        click.echo("No unknown rows.")
    else:
        click.echo(table(header, shown))
        if rows[0][-1] > len(shown):
            click.echo(f"... and {rows[0][-1] - len(shown):,} more; see --limit.")


def _check_nothing_before(context: click.Context) -> None:
    """An option that stands before the subcommand would be lost without a word."""
    for name in context.params:
        if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            msg = f"Say options behind {context.invoked_subcommand}."
            raise click.UsageError(msg)


unknown.add_command(settle)
