"""`runner status`: the last run of each sync and what is pending now."""

from __future__ import annotations

import json
from datetime import datetime

import click

from .. import lease as leases
from ..ledger import Ledger, utcnow
from ..project import Selection
from ..report import table
from .options import Workplace, format_option, project_options, select_option

_COLUMNS = (
    "sync",
    "pending",
    "rejected",
    "unknown",
    "sent",
    "last_run",
    "outcome",
    "finished_at",
    "lag_minutes",
)


@click.command()
@project_options
@select_option
@format_option()
def status(selection: Selection, select: tuple[str, ...], output: str) -> None:
    """Show the last runs and what is pending.

    Lag is the time since the last run that ended clean.

    \b
    Example:
      runner status
      runner status --format json
    """
    place = Workplace(selection)
    ledger = place.manifest.ledger
    rows = []
    with place.warehouse.open(read_only=True) as connection:
        at_work = leases.holder(Ledger(connection, ledger))
        for sync in place.syncs(select):
            counts = [
                connection.execute(statement, parameters).fetchone()
                for statement, parameters in (
                    (f"select count(*) from {sync.pending}", []),
                    *(
                        (
                            f"select count(*) from {ledger[name]} where sync = ?",
                            [sync.name],
                        )
                        for name in (
                            "ledger_rejected_rows",
                            "ledger_unknown_rows",
                            "ledger_sent_rows",
                        )
                    ),
                )
            ]
            last = connection.execute(
                f"select run_id, outcome, finished_at from {ledger['ledger_runs']} "
                "where sync = ? order by started_at desc limit 1",
                [sync.name],
            ).fetchone() or (None, "never run", None)
            clean = connection.execute(
                f"select max(finished_at) from {ledger['ledger_runs']} "
                "where sync = ? and outcome = 'completed'",
                [sync.name],
            ).fetchone()
            run_id, outcome, finished_at = last
            rows.append(
                [
                    sync.name,
                    *(count[0] if count else 0 for count in counts),
                    run_id,
                    outcome or (f"at work: {at_work}" if at_work else "cut off"),
                    _time(finished_at),
                    _minutes_since(clean[0] if clean else None),
                ]
            )
    if output == "json":
        click.echo(json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows]))
    else:
        header = [name.replace("_", " ") for name in _COLUMNS]
        click.echo(table(header, rows))


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else None


def _minutes_since(moment: datetime | None) -> float | None:
    return round((utcnow() - moment).total_seconds() / 60, 1) if moment else None
