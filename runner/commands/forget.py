"""`runner forget`: erase one user, here and in Braze, and print the receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..destinations import braze, open_collections
from ..errors import GuardError
from ..forget import SELECTORS
from ..forget import forget as forget_user
from ..ledger import Ledger
from ..project import Selection
from ..starting import new_run_id
from .options import (
    Workplace,
    format_option,
    is_interactive,
    project_options,
)

if TYPE_CHECKING:
    from ..store import Store


@click.command()
@project_options
@format_option()
@click.argument("key")
@click.option(
    "--by",
    type=click.Choice(sorted(SELECTORS)),
    default="external_id",
    show_default=True,
    help="What KEY is.",
)
@click.option("--yes", is_flag=True, help="Do not ask; deleting cannot be undone.")
def forget(selection: Selection, output: str, key: str, by: str, *, yes: bool) -> None:
    """Delete a user in Braze and everything the ledger knows of them.

    First the user is suppressed: no sync sends them again, whatever a mart says. Then
    Braze deletes the profile, and their rows leave the ledger. Prints a receipt that
    names nobody. If Braze cannot be reached, run it again.

    \b
    Example:
      runner forget c-1042
      runner forget ada@example.com --by email --yes
    """
    to = braze()
    place = Workplace(selection)
    if not yes:
        question = (
            f"Delete this user in {to.endpoint} (target {place.project.target})? "
            "This cannot be undone."
        )
        if not is_interactive() or not click.confirm(question, err=True):
            msg = "Not confirmed; nothing was done. To do it unasked: --yes"
            raise GuardError(msg)

    @contextmanager
    def open_ledger() -> Iterator[Ledger]:
        with place.warehouse.open() as connection:
            yield Ledger(connection, place.manifest.ledger)

    receipt = forget_user(
        *(by, key, to, place.limits, open_ledger, place.recovery, new_run_id()),
        open_store=opened_store,
        visits=place.manifest.visits,
    )
    found: dict[str, Any] = {
        name: f"{value:%Y-%m-%dT%H:%M:%SZ}" if hasattr(value, "strftime") else value
        for name, value in asdict(receipt).items()
    }
    if output == "json":
        click.echo(json.dumps(found))
        return
    scrubbed = found.pop("scrubbed")
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):14} {value}")
    for table, rows in scrubbed.items():
        click.echo(f"{'scrubbed':14} {rows:,} {_things(rows)} of {table}")


def _things(count: int) -> str:
    return "row" if count == 1 else "rows"


@contextmanager
def opened_store(sync: str) -> Iterator[Store]:
    """The store, which must be there: a new one would hold nobody's records."""
    store = open_collections(sync, create=False)
    try:
        yield store
    finally:
        store.close()
