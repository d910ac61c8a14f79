"""`runner currents`: load Braze's event files, and say what is loaded."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import REJECTED_EXIT_CODE, ConfigError
from ..interrupts import Interrupts
from ..project import Project, Selection, load_project
from ..report import table
from ..runlock import run_lock
from ..settings import load_limits
from ..warehouse import open_warehouse
from ..warehouse.duckdb_file import DuckDBFile
from .options import format_option, project_options, say

if TYPE_CHECKING:
    from ..currents.readers import Place


@click.group()
def currents() -> None:
    """Bring Braze's Currents files into the warehouse.

    \b
    Example:
      runner currents load /data/currents
      runner currents load s3://bucket/prefix
      runner currents status
    """


@currents.command()
@click.argument("path")
@project_options
@format_option()
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=lambda: min(os.cpu_count() or 1, 8),
    show_default="one a core, 8 at most",
    help="How many files are read at a time.",
)
def load(path: str, selection: Selection, output: str, processes: int) -> None:
    """Load the events of PATH, a folder or s3://bucket/prefix, that are not loaded yet.

    Every event is loaded exactly once by its id. A damaged file is quarantined, an
    event without an id set aside, and the rest goes on; a file that is still being
    written or cannot be read is tried again the next time. Run it as often as you like.

    \b
    Example:
      runner currents load /data/currents
      runner currents load s3://bucket/prefix --format json
    """
    from ..currents.gaps import gaps  # noqa: PLC0415 - DuckDB, which help need not load
    from ..currents.load import Load  # noqa: PLC0415
    from ..currents.manifest import Manifest  # noqa: PLC0415
    from ..currents.report import as_json, as_text  # noqa: PLC0415

    project, warehouse = _open(selection, create=True)
    folder = project.target_path / "currents"
    with run_lock(folder), Interrupts() as interrupts:
        result = Load(
            place=_place(path),
            warehouse=warehouse,
            schema=project.currents_schema,
            folder=folder / "reading",
            processes=processes,
            interrupts=interrupts,
            progress=Progress(),
        ).run(path)
        with warehouse.open(read_only=True) as session:
            connection = session.connection
            missing = gaps(
                connection, Manifest(connection, project.currents_schema).table
            )
    if output == "json":
        click.echo(json.dumps(as_json(result, missing)))
    else:
        click.echo(as_text(result, missing, project.currents_schema))
    if result.signal:
        sys.exit(128 + result.signal)
    if result.quarantined or result.unreadable or result.set_aside:
        sys.exit(REJECTED_EXIT_CODE)


@currents.command()
@project_options
@format_option()
def status(selection: Selection, output: str) -> None:
    """Show what is loaded of each event type, which files are not, and gaps.

    \b
    Example:
      runner currents status
      runner currents status --format json
    """
    from ..currents.gaps import gaps  # noqa: PLC0415
    from ..currents.manifest import Manifest  # noqa: PLC0415
    from ..currents.report import HOUR, gap_json, gap_text, some  # noqa: PLC0415

    project, warehouse = _open(selection, create=False)
    with warehouse.open(read_only=True) as session:
        connection = session.connection
        manifest = Manifest(connection, project.currents_schema)
        if not manifest.exists:
            msg = "no Currents file was loaded yet. Run: runner currents load PATH"
            raise ConfigError(msg)
        types = connection.execute(
            f"""
            select
                event_type, count(*), cast(sum(new_rows) as bigint),
                strftime(min(hour), '{HOUR}'), strftime(max(hour), '{HOUR}')
            from {manifest.table}
            where status = 'loaded'
            group by all
            order by all
            """
        ).fetchall()
        left = connection.execute(
            f"""
            select status, path, reason from {manifest.table}
            where status <> 'loaded' or reason is not null
            order by all
            """
        ).fetchall()
        missing = gaps(connection, manifest.table)
    names = ("event_type", "files", "events", "first_hour", "last_hour")
    if output == "json":
        found = {
            "event_types": [dict(zip(names, row, strict=True)) for row in types],
            "files": [
                dict(zip(("status", "path", "reason"), row, strict=True))
                for row in left
            ],
            "gaps": [gap_json(gap) for gap in missing],
        }
        click.echo(json.dumps(found))
        return
    click.echo(table([name.replace("_", " ") for name in names], types))
    for line in (
        *some([f"{word}: {path}: {reason}" for word, path, reason in left]),
        *some([gap_text(gap) for gap in missing]),
    ):
        click.echo(line)


class Progress:
    """One line on stderr that keeps itself current; a line now and then into a pipe."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._every = 0.2 if self._live else 10.0

    def __call__(self, seen: int, files: int, events: int, seconds: float) -> None:
        now = time.monotonic()
        if seconds < 2 or now - self._last < self._every:
            return
        self._last = now
        text = (
            f"{seen:,} of {files:,} files ({seen / files:.0%}), {events:,} events, "
            f"{events / seconds:,.0f} events/s"
        )
        if self._live:
            ending = "\n" if seen == files else ""
            click.echo(f"\r\x1b[K{text}{ending}", err=True, nl=False)
        else:
            click.echo(text, err=True)


def _open(selection: Selection, *, create: bool) -> tuple[Project, DuckDBFile]:
    project = load_project(selection)
    limits = load_limits(project.runner_vars, os.environ)
    warehouse = open_warehouse(project, lock_wait=limits.lock_wait, tell=say)
    if not isinstance(warehouse, DuckDBFile):
        msg = (
            f"target '{project.target}' is Snowflake, which loads Currents itself: "
            "see examples/currents/snowflake.sql"
        )
        raise ConfigError(msg)
    if create and not warehouse.path.exists():
        _make(warehouse.path)
    return project, warehouse


def _make(path: Path) -> None:
    """Events may come before the first build: the file is made, empty."""
    import duckdb  # noqa: PLC0415

    try:
        duckdb.connect(str(path)).close()
    except duckdb.Error as error:
        reason = " ".join(str(error).split())[:300]
        msg = f"{path}: DuckDB cannot make it: {reason}"
        raise ConfigError(msg) from None


def _place(path: str) -> Place:
    from ..currents.local import LocalPlace  # noqa: PLC0415
    from ..currents.s3 import SCHEME, S3Place  # noqa: PLC0415

    if path.startswith(SCHEME):
        return S3Place(path)
    if "://" in path:
        msg = f"{path}: say a folder, or {SCHEME}bucket/prefix."
        raise ConfigError(msg)
    return LocalPlace(path)
