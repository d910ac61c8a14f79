"""`runner collections`: what the store serves; verify it, or go back a version."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ..destinations import open_collections
from ..errors import ConfigError, DeliveryError, GuardError, nearest
from ..ledger import Ledger
from ..masking import shown_key
from ..project import Selection
from ..report import table
from ..standing import told_collection
from ..verifying import Verified, verify
from .options import (
    Workplace,
    format_option,
    is_interactive,
    project_options,
    say,
    select_option,
)

if TYPE_CHECKING:
    from ..store import Held, Store, Version

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@click.group(invoke_without_command=True)
@format_option()
@click.pass_context
def collections(context: click.Context, output: str) -> None:
    """List what the store serves, verify it, or go back to the version before.

    The store is the one that PERSONALIZATION_STORE names.

    \b
    Example:
      runner collections
      runner collections verify
      runner collections rollback recommendations
    """
    if context.invoked_subcommand is None:
        _list(output)


def _list(output: str) -> None:
    store = open_collections("runner collections", create=False)
    try:
        held = store.held()
    finally:
        store.close()
    found = [_as_json(name, each) for name, each in sorted(held.items())]
    if output == "json":
        click.echo(json.dumps(found))
        return
    header = ["collection", "version", "records", "indexes", "built at", "before"]
    rows = [
        [
            each["collection"],
            each["version"],
            each["records"],
            ", ".join(each["indexes"]),
            each["built_at"],
            each["previous"] or "-",
        ]
        for each in found
    ]
    click.echo(f"{store.url}\n\n{table(header, rows)}")
    for each in found:
        if each["is_rolled_back"]:
            click.echo(
                f"\n{each['collection']} was rolled back: a push leaves it alone until "
                "it is pushed with --full-resync."
            )


def _as_json(name: str, held: Held) -> dict[str, Any]:
    version, definition = held.version, held.definition
    return {
        "collection": name,
        "version": version.number,
        "records": version.records,
        "run_id": version.run_id,
        "indexes": [definition.key, *(index.name for index in definition.indexes)],
        "pushed_at": _moment(version.pushed_at),
        "built_at": _moment(version.built_at),
        "previous": held.previous.number if held.previous else None,
        "is_rolled_back": held.is_rolled_back,
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_FORMAT)


@collections.command(name="verify")
@project_options
@select_option
@format_option()
def verify_command(selection: Selection, select: tuple[str, ...], output: str) -> None:
    """Compare every record in the store with the ledger. Changes nothing.

    Exits with 1 when they differ.

    \b
    Example:
      runner collections verify
      runner collections verify -s personalization_products
    """
    place = Workplace(selection)
    syncs = [sync for sync in place.syncs(select) if sync.is_collection]
    if not syncs:
        msg = "No sync of these fills a collection. See docs/personalization.md."
        raise ConfigError(msg)
    store = open_collections(syncs[0].name, create=False)
    try:
        with place.warehouse.open(read_only=True) as connection:
            ledger = Ledger(connection, place.manifest.ledger)
            ledger.require()
            found = [
                verify(ledger, sync, name, store)
                for sync in syncs
                if (name := told_collection(ledger, sync))
            ]
    finally:
        store.close()
    _tell(found, output)


def _tell(found: list[Verified], output: str) -> None:
    if output == "json":
        click.echo(json.dumps([asdict(each) | {"keys": None} for each in found]))
    else:
        header = ["collection", "same", "missing", "different", "extra"]
        rows = [
            [each.collection, each.same, each.missing, each.different, each.extra]
            for each in found
        ]
        click.echo(table(header, rows))
    bad = [each for each in found if not each.is_good]
    for each in bad:
        keys = ", ".join(shown_key(key, "") for key in each.keys)
        say(f"{each.collection}: not as the ledger says, first: {keys}")
    if bad:
        names = " ".join(f"-s {each.sync}" for each in bad)
        msg = f"To fill it anew from the mart: runner push {names} --full-resync"
        raise DeliveryError(msg)


@collections.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(name: str, *, yes: bool) -> None:
    """Serve the version before the last push again.

    A push leaves the collection alone from then on, until --full-resync fills it from
    the mart: else the next one would bring back what was wrong.

    \b
    Example:
      runner collections rollback recommendations
    """
    store = open_collections("runner collections", create=False)
    try:
        version = _roll_back(store, name, ask=None if yes else _ask)
    finally:
        store.close()
    click.echo(
        f"{name}: serves its version of {_moment(version.pushed_at)} again, "
        f"{version.records:,} records. A push leaves it alone until: "
        "runner push --full-resync"
    )


@collections.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask; it cannot be undone.")
def drop(name: str, *, yes: bool) -> None:
    """Serve a collection no longer, and forget its records.

    A sync that still fills it will do so with its next push.

    \b
    Example:
      runner collections drop recommendations
    """
    store = open_collections("runner collections", create=False)
    try:
        held = _held(store, name)
        if not yes:
            _ask(f"{name}: forget {held.version.records:,} records for good?")
        store.drop(name)
    finally:
        store.close()
    click.echo(f"{name}: is served no longer.")


def _ask(question: str) -> None:
    if not is_interactive() or not click.confirm(question, err=True):
        msg = "Not confirmed; nothing was done. To do it unasked: --yes"
        raise GuardError(msg)


def _roll_back(
    store: Store, name: str, *, ask: Callable[[str], None] | None
) -> Version:
    before = _held(store, name).previous
    if before is None:
        msg = f"{name}: no version before this one is kept; one is, after each push."
        raise ConfigError(msg)
    if ask:
        ask(
            f"{name}: serve {before.records:,} records of {_moment(before.pushed_at)} "
            "again?"
        )
    return store.roll_back(name)


def _held(store: Store, name: str) -> Held:
    held = store.held()
    if name not in held:
        msg = (
            f"{store.url} has no collection '{name}'.{nearest(name, held)} "
            f"Collections: {', '.join(sorted(held)) or 'none'}."
        )
        raise ConfigError(msg)
    return held[name]
