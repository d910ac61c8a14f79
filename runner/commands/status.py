"""`runner status`: the last run of each sync and what is pending now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import click

from .. import lease as leases
from ..ledger import Ledger, utcnow
from ..manifest import Relation, Sync
from ..project import Selection
from ..report import table
from ..tested import held_by_tests
from .options import Workplace, format_option, project_options, select_option

_COLUMNS = (
    "sync",
    "pending",
    "waiting",
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

    Of the pending rows, some wait: for five minutes after a change of the same user's
    identity. Lag is the time since the last run that ended clean.

    \b
    Example:
      runner status
      runner status --format json
    """
    place = Workplace(selection)
    held = held_by_tests(place.project)
    with place.warehouse.open(read_only=True) as connection:
        ledger = Ledger(connection, place.manifest.ledger)
        at_work = leases.holder(ledger)
        rows = [
            _row(ledger, sync, held.get(sync.name, ()), at_work)
            for sync in place.syncs(select)
        ]
        deleted = _deleted_in_braze(ledger)
    if output == "json":
        click.echo(json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows]))
    else:
        header = [name.replace("_", " ") for name in _COLUMNS]
        click.echo(table(header, rows))
        if deleted:
            click.echo(deleted)


def _row(
    ledger: Ledger, sync: Sync, failed: Sequence[str], at_work: str | None
) -> list[object]:
    run_id, outcome, finished_at, waiting = ledger.connection.execute(
        f"""
        select run_id, outcome, finished_at, held from {ledger.runs}
        where sync = ? order by started_at desc limit 1
        """,
        [sync.name],
    ).fetchone() or (None, "never run", None, None)
    clean = ledger.connection.execute(
        f"""
        select max(finished_at) from {ledger.runs}
        where sync = ? and outcome = 'completed'
        """,
        [sync.name],
    ).fetchone()
    if failed:
        outcome = "held by dbt's tests"
    return [
        sync.name,
        _pending(ledger, sync),
        waiting,
        *(
            _count(ledger, table, sync)
            for table in (ledger.rejected, ledger.unknown, ledger.sent)
        ),
        run_id,
        outcome or (f"at work: {at_work}" if at_work else "cut off"),
        _time(finished_at),
        _minutes_since(clean[0] if clean else None),
    ]


def _deleted_in_braze(ledger: Ledger) -> str | None:
    """Whom builds have suppressed as Currents told of their deletion, if anybody."""
    count, last = ledger.connection.execute(
        f"""
        select count(*), max(suppressed_at) from {ledger.suppressed}
        where run_id = 'currents'
        """
    ).fetchone() or (0, None)
    if not count:
        return None
    return (
        f"Deleted in Braze, so suppressed here: {count:,} identifiers, the last at "
        f"{_time(last)}. engagement_deleted_users names them."
    )


def _pending(ledger: Ledger, sync: Sync) -> int | None:
    """How many rows are pending; None where the view cannot be read."""
    try:
        row = ledger.connection.execute(
            f"select count(*) from {sync.pending}"
        ).fetchone()
    except Exception as error:
        if ledger.connection.fault(error) is None:
            raise
        return None
    return int(row[0]) if row else 0


def _count(ledger: Ledger, table: Relation, sync: Sync) -> int:
    row = ledger.connection.execute(
        f"select count(*) from {table} where sync = ?", [sync.name]
    ).fetchone()
    return int(row[0]) if row else 0


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else None


def _minutes_since(moment: datetime | None) -> float | None:
    return round((utcnow() - moment).total_seconds() / 60, 1) if moment else None
