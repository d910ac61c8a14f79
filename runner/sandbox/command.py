"""Owns the command line of the sandbox: options, the lines to paste, and the exit.

Must not hold state: everything is in `Sandbox`.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from .collected import Account
from .faults import PRESETS, read
from .rates import Dialect
from .server import Sandbox

# The sandbox serves cohorts to a partner of any name.
_PARTNER = "sandbox"


class PortTaken(click.ClickException):
    """Another process listens on the port."""

    exit_code = 2


def _read_faults(
    _: click.Context, __: click.Parameter, text: str | None
) -> dict[str, Any]:
    if not text:
        return {}
    try:
        config = PRESETS[text] if text in PRESETS else json.loads(text)
        read(config)
    except ValueError as error:
        presets = ", ".join(PRESETS)
        msg = f"neither a preset ({presets}) nor a valid JSON object: {error}"
        raise click.BadParameter(msg) from None
    return dict(config)


def _read_rate(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[int, float] | None:
    if not text:
        return None
    found = re.fullmatch(r"([1-9]\d*)/(\d+(?:\.\d+)?)", text)
    if found is None or float(found[2]) == 0:
        msg = "write requests/seconds, such as 3000/3"
        raise click.BadParameter(msg)
    return int(found[1]), float(found[2])


def _read_names(
    _: click.Context, __: click.Parameter, text: str | None
) -> frozenset[str] | None:
    return frozenset(text.replace(",", " ").split()) if text else None


@click.command()
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--api-key", default="sandbox-key", show_default=True)
@click.option(
    "--permissions",
    callback=_read_names,
    metavar="NAMES",
    help="What the key may do, comma-separated.  [default: everything]",
)
@click.option(
    "--partner-api-key",
    default="sandbox-partner-key",
    show_default=True,
    help="The partner's key, for cohorts.",
)
@click.option(
    "--data-import-key",
    default="sandbox-import-key",
    show_default=True,
    help="The client secret, for cohorts.",
)
@click.option(
    "--subscription-groups",
    callback=_read_names,
    metavar="IDS",
    help="The groups there are, comma-separated.  [default: any id]",
)
@click.option(
    "--delay",
    default=0.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Show aliases, merges, ids, catalog fields and items only later.",
)
@click.option(
    "--rate-limit",
    callback=_read_rate,
    metavar="REQUESTS/SECONDS",
    help="Answer 429 above this rate of /users/track.  [default: no limit]",
)
@click.option(
    "--no-limits", is_flag=True, help="Lift the limits of all the other endpoints."
)
@click.option(
    "--dialect",
    type=click.Choice(["epoch", "seconds"]),
    default="epoch",
    show_default=True,
    help="How rate headers name the reset: classic or MAU contracts.",
)
@click.option(
    "--faults",
    callback=_read_faults,
    metavar="JSON|PRESET",
    help='What goes wrong: "storm" (12 % of requests) or a JSON object.',
)
@click.option(
    "--movable-ink-seconds",
    default=0.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long an answer of Movable Ink's collector takes.",
)
@click.option(
    "--movable-ink-day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day it is for the collector; 2026-11-01 for the demo.  [default: today]",
)
@click.option("--quiet", is_flag=True, help="Write no traffic summary to stderr.")
def sandbox(
    *,
    port: int,
    host: str,
    api_key: str,
    permissions: frozenset[str] | None,
    partner_api_key: str,
    data_import_key: str,
    subscription_groups: frozenset[str] | None,
    delay: float,
    rate_limit: tuple[int, float] | None,
    no_limits: bool,
    dialect: Dialect,
    faults: dict[str, Any],
    movable_ink_seconds: float,
    movable_ink_day: datetime | None,
    quiet: bool,
) -> None:
    """Serve a local Braze to develop against, until interrupted.

    \b
    Example:
      runner sandbox --rate-limit 3000/3 --faults storm
    """
    account = Account(
        seconds=movable_ink_seconds,
        clock=None if movable_ink_day is None else _end_of(movable_ink_day),
    )
    try:
        server = Sandbox(
            port=port,
            host=host,
            api_key=api_key,
            permissions=permissions,
            partner_api_key=partner_api_key,
            data_import_key=data_import_key,
            subscription_groups=subscription_groups,
            visibility_seconds=delay,
            fields_seconds=delay,
            items_seconds=delay,
            rate_limit=rate_limit,
            limits="none" if no_limits else None,
            dialect=dialect,
            faults=faults,
            account=account,
        )
    except OSError as error:
        msg = (
            f"Cannot listen on {host}:{port} ({error.strerror}); "
            "stop what is using it or choose another with --port."
        )
        raise PortTaken(msg) from error
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    with server:
        _announce(
            BRAZE_REST_ENDPOINT=server.url,
            BRAZE_API_KEY=api_key,
            BRAZE_PARTNER=_PARTNER,
            BRAZE_PARTNER_API_KEY=partner_api_key,
            BRAZE_DATA_IMPORT_KEY=data_import_key,
            MOVABLE_INK_URL=server.collector_url,
            MOVABLE_INK_USERNAME=account.username,
            MOVABLE_INK_PASSWORD=account.password,
        )
        _serve(server, stop, quiet=quiet)


def _end_of(day: datetime) -> Callable[[], float]:
    ends = (day.replace(tzinfo=UTC) + timedelta(days=1)).timestamp()
    return lambda: ends


def _announce(**variables: str) -> None:
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
    url = variables["BRAZE_REST_ENDPOINT"]
    click.echo(f"# open {url}/ to watch what arrives; Ctrl-C stops")
    sys.stdout.flush()


def _serve(server: Sandbox, stop: threading.Event, *, quiet: bool) -> None:
    before = server.meters()
    while not stop.wait(1.0):
        now = server.meters()
        if not quiet and now != before:
            words = " ".join(f"{name}={count}" for name, count in now.items())
            click.echo(words, err=True)
        before = now
