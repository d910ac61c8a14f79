"""`runner push`: plan, guard, send, record."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from ..errors import REJECTED_EXIT_CODE
from ..plan import Plan, SyncPlan
from ..project import Selection
from ..push import Push
from ..report import plan_text, push_json, push_text
from ..result import PushResult
from .options import (
    Workplace,
    destination,
    format_option,
    is_interactive,
    project_options,
    say,
    select_option,
)


@click.command()
@project_options
@select_option
@format_option()
@click.option("--limit", type=click.IntRange(min=1), help="Send at most N rows a sync.")
@click.option(
    "--approve", metavar="PLAN_ID", help="Lift the guards for this plan only."
)
@click.option(
    "--full-resync", is_flag=True, help="Forget the ledger and send all again."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def push(
    selection: Selection,
    select: tuple[str, ...],
    output: str,
    limit: int | None,
    approve: str | None,
    *,
    full_resync: bool,
    yes: bool,
) -> None:
    """Send what is pending and record it.

    Asks before sending when somebody is there to answer. Exit codes: 0 clean, 1 not
    all delivered (run again), 2 configuration, 3 a guard refused, 4 rows were
    rejected, 5 another push is at work, 7 the key was refused.

    \b
    Example:
      runner push
      runner push -s braze_customer_attributes --limit 10
    """
    if full_resync and limit:
        msg = "--full-resync sends everything again; --limit does not go with it."
        raise click.UsageError(msg)
    to = destination()
    place = Workplace(selection)
    syncs = place.syncs(select)

    def confirm(found: Plan) -> bool:
        if found.guards or not any(each.planned for each in found.syncs):
            return True
        click.echo(plan_text(found, place.limits), err=True)
        question = f"\nSend to {to.endpoint} (target {place.project.target})?"
        return click.confirm(question, err=True)

    result = Push(
        warehouse=place.warehouse,
        manifest=place.manifest,
        limits=place.limits,
        destination=to,
        git_revision=_revision(place.project.directory),
        confirm=None if yes or approve or not is_interactive() else confirm,
        progress=Progress(),
        tell=say,
    ).run(syncs, limit=limit, approved=approve, full_resync=full_resync)
    click.echo(push_json(result) if output == "json" else push_text(result))
    _leave(result)


def _leave(result: PushResult) -> None:
    """End with the exit code that the result deserves."""
    if result.signal:
        say("Stopped by a signal; what was in flight is recorded, the rest is pending.")
        sys.exit(128 + result.signal)
    if result.failure:
        raise result.failure
    if any(each.counts.rejected or each.counts.unknown for each in result.syncs):
        say("Some rows were rejected. To see them: runner rejected")
        sys.exit(REJECTED_EXIT_CODE)


def _revision(directory: Path) -> str:
    """The git revision of the project, or nothing where there is none."""
    try:
        found = subprocess.run(
            ["git", "-C", str(directory), "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            # git has no business with Braze's key.
            env={k: v for k, v in os.environ.items() if not k.startswith("BRAZE_")},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


class Progress:
    """One line on stderr that keeps itself current; a line now and then into a pipe."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._every = 0.2 if self._live else 10.0

    def __call__(
        self, plan: SyncPlan, accepted: int, rejected: int, seconds: float
    ) -> None:
        now = time.monotonic()
        settled = accepted + rejected
        if seconds < 2 or now - self._last < self._every:
            return
        self._last = now
        share = settled / max(plan.sendable, 1)
        text = (
            f"{plan.sync.name}: {settled:,} of {plan.sendable:,} rows ({share:.0%}), "
            f"{settled / seconds:,.0f} rows/s"
        )
        if rejected:
            text += f", {rejected:,} rejected"
        if self._live:
            ending = "\n" if settled >= plan.sendable else ""
            click.echo(f"\r\x1b[K{text}{ending}", err=True, nl=False)
        else:
            click.echo(text, err=True)
