"""`runner push`: plan, guard, send, record."""

from __future__ import annotations

import shlex
import sys

import click

from ..destinations import destinations
from ..errors import REJECTED_EXIT_CODE
from ..plan import Plan
from ..project import Selection
from ..report import plan_text, push_json, push_text
from ..starting import Wish
from .options import (
    Workplace,
    format_option,
    is_interactive,
    project_options,
    say,
    select_option,
)
from .pushing import deliver

NOTHING = '{"run_id": null, "plan_id": null, "syncs": []}'
"""What a program reads when every sync is held back."""


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
    place = Workplace(selection)
    syncs = place.syncs(select)

    def confirm(found: Plan) -> bool:
        held = found.held_back(approved=False)
        if not any(each.planned and each.sync.name not in held for each in found.syncs):
            return True
        click.echo(plan_text(found, place.limits), err=True)
        question = f"\nSend to {to} (target {place.project.target})?"
        return click.confirm(question, err=True)

    with destinations(syncs) as to:
        delivered = deliver(
            place,
            syncs,
            to=to,
            confirm=None if yes or approve or not is_interactive() else confirm,
            wish=Wish(
                limit, approve, full_resync, _command(select, limit, full_resync)
            ),
        )
    result = delivered.push
    if result is None and output == "json":
        click.echo(NOTHING)
    if result:
        click.echo(push_json(result) if output == "json" else push_text(result))
        if result.signal:
            say("Stopped by a signal; what was in flight is recorded.")
        elif result.failure:
            raise result.failure
        elif delivered.exit_code == REJECTED_EXIT_CODE:
            say(
                "Some rows were rejected or are unknown. "
                "To see them: runner rejected, runner unknown"
            )
    sys.exit(delivered.exit_code)


def _command(select: tuple[str, ...], limit: int | None, full_resync: bool) -> str:  # noqa: FBT001
    """How this push was asked for: an approval binds to all of it."""
    words = ["runner push", *(f"-s {shlex.quote(pattern)}" for pattern in select)]
    words += [f"--limit {limit}"] if limit else []
    words += ["--full-resync"] if full_resync else []
    return " ".join(words)
