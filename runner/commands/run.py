"""`runner run`: build, then push, once or on a schedule, with nobody there."""

from __future__ import annotations

import sys
import time
from datetime import datetime

import click

from ..errors import ConfigError, LeaseError
from ..project import Selection
from ..report import push_text
from ..schedule import Schedule, Turn, parse_cron, parse_every, turns
from ..stopping import Stopped, stoppable
from .options import format_option, project_options, say, select_option
from .turn import Turned, Work, iso, now, ready, take_turn

ENDS_A_SCHEDULE = frozenset({ConfigError.exit_code, LeaseError.exit_code})
"""Exit codes of a first turn after which a second one would be no better."""

NAP_SECONDS = 5.0
"""A machine that slept looks at the clock this soon after it woke."""


@click.command()
@project_options
@select_option
@format_option()
@click.option("--every", metavar="INTERVAL", help="Again and again: 90s, 15m, 2h, 1d.")
@click.option(
    "--cron", metavar="EXPRESSION", help="When a crontab line says so, in UTC."
)
@click.argument("dbt_arguments", nargs=-1, type=click.UNPROCESSED)
def run(
    selection: Selection,
    select: tuple[str, ...],
    output: str,
    *,
    every: str | None,
    cron: str | None,
    dbt_arguments: tuple[str, ...],
) -> None:
    """Build, then push; once or on a schedule.

    Never asks. A sync whose mart, or anything upstream of it, failed a dbt test waits;
    the others are pushed. What stands after -- goes to `dbt build`. Exit codes as of
    push; on a schedule a turn that failed is told, and the schedule goes on.

    \b
    Example:
      runner run
      runner run --every 15m
      runner run --cron "*/15 * * * *" -s 'braze_*' -- --exclude tag:nightly
    """
    if every and cron:
        msg = "--every and --cron are two schedules; say one."
        raise click.UsageError(msg)
    work = Work(selection, select, dbt_arguments)
    try:
        with stoppable():
            sys.exit(_work(work, output, every=every, cron=cron))
    except Stopped as stopped:
        say("Stopped by a signal. Nothing is lost: the next run sends what is pending.")
        sys.exit(128 + stopped.number)


def _work(work: Work, output: str, *, every: str | None, cron: str | None) -> int:
    """Take one turn, or turns without an end; return the exit code."""
    if every:
        return _keep(work, parse_every(every, now()), output)
    if cron:
        schedule = parse_cron(cron, now())
        with ready(work):
            say(f"The first turn is at {iso(schedule.first(now()))}.")
        return _keep(work, schedule, output)
    turned = take_turn(work)
    _print(turned, None, output)
    return turned.exit_code


def _keep(work: Work, schedule: Schedule, output: str) -> int:
    """Take turns until a signal, or until the first one shows that it cannot go on."""
    is_first = True
    for turn in turns(schedule, now, _wait):
        if turn.missed:
            say(_missed(turn))
        turned = take_turn(work)
        _print(turned, turn, output)
        if turned.push and turned.push.signal:
            break
        if is_first and turned.exit_code in ENDS_A_SCHEDULE:
            say("The first turn could not begin: the schedule ends.")
            break
        is_first = False
    return turned.exit_code


def _print(turned: Turned, turn: Turn | None, output: str) -> None:
    """The result on stdout, and a line about the turn on stderr."""
    following = turn.following if turn else None
    if output == "json":
        missed = turn.missed_count if turn else 0
        click.echo(turned.as_json(missed=missed, following=following))
    elif turned.push:
        click.echo(push_text(turned.push))
    say(turned.as_line(following))


def _missed(turn: Turn) -> str:
    """One line, however many there were."""
    first, last = turn.missed or (turn.began, turn.began)
    what = f"a turn, {iso(first)}"
    if turn.missed_count > 1:
        what = f"{turn.missed_count:,} turns, {iso(first)} to {iso(last)}"
    return (
        f"Missed {what}: the one before took longer, or the machine slept. "
        "This turn makes up for it."
    )


def _wait(until: datetime) -> None:
    """Sleep by the clock on the wall; the processor's stands still while it sleeps."""
    while (left := (until - now()).total_seconds()) > 0:
        time.sleep(min(left, NAP_SECONDS))
