"""`runner keys`: who may read which collections, and which of their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ..errors import ConfigError, nearest
from ..report import table
from .key_options import read_duration, read_fields, read_name, read_names
from .options import format_option, say
from .stored import opened_store, store_option

if TYPE_CHECKING:
    from ..store import AccessKey, Held

LIVE_OF_ONE_NAME = 2
"""While keys are exchanged, the old one and the new one are good."""


@click.group()
def keys() -> None:
    """Make, list and revoke keys to collections.

    A key is for one caller, such as Braze: it opens the collections that it names, or
    some of their fields, and nothing else. Servers see a change within five seconds.

    \b
    Example:
      runner keys create --collections recommendations,products --name braze-prod
      runner keys list
      runner keys revoke ID
    """


@keys.command()
@store_option
@click.option(
    "--collections",
    required=True,
    callback=read_names,
    metavar="NAMES",
    help="What it opens, comma-separated.",
)
@click.option(
    "--fields",
    multiple=True,
    callback=read_fields,
    metavar="COLLECTION=FIELDS",
    help="The only fields of a collection that it sees. Repeatable.  [default: all]",
)
@click.option(
    "--name",
    default="braze",
    show_default=True,
    callback=read_name,
    help="Whose key it is.",
)
@click.option(
    "--expires",
    callback=read_duration,
    metavar="12h|90d|8w",
    help="When it stops being good.  [default: never]",
)
def create(
    url: str,
    collections: tuple[str, ...],
    fields: dict[str, tuple[str, ...]],
    name: str,
    expires: timedelta | None,
) -> None:
    """Make a key and print it, once.

    The store keeps its SHA-256 only, so nobody can show it again. To exchange a key,
    make the second one of its name, put it into Braze, then revoke the first.

    \b
    Example:
      runner keys create --collections recommendations --name braze-prod --expires 90d
      runner keys create --collections customer --fields customer=tier,city
    """
    now = datetime.now(UTC)
    with opened_store("runner keys create", url) as store:
        from ..store import new_key  # noqa: PLC0415 - an extra, for who serves

        _check_scope(collections, fields, store.held())
        _check_name(name, store.keys.all(), now)
        text, key = new_key(
            name=name,
            collections=collections,
            created_at=now,
            fields=fields,
            expires_at=now + expires if expires else None,
        )
        store.keys.add(key)
    click.echo(text)
    until = f" until {_time(key.expires_at)}" if key.expires_at else ""
    say(
        f"Key {key.id} ({name}) opens {', '.join(_scopes(key))}{until}. It is shown "
        "this once. In Braze: Settings > Connected Content > Add credential > Token "
        "authentication; header Authorization, value Bearer, a space and the key, "
        "allowed domain your host."
    )


def _check_scope(
    collections: Sequence[str],
    fields: Mapping[str, Sequence[str]],
    held: Mapping[str, Held],
) -> None:
    """Raise ConfigError for a collection or a field that there is not."""
    for collection in collections:
        if collection not in held:
            hint = nearest(collection, held) or " Push it first."
            msg = f"The store has no collection '{collection}'.{hint}"
            raise ConfigError(msg)
    for collection, names in fields.items():
        if collection not in collections:
            msg = (
                f"--fields names '{collection}', --collections does not: add it there, "
                "or mend the name."
            )
            raise ConfigError(msg)
        columns = held[collection].definition.columns
        for name in names:
            if name not in columns:
                msg = f"{collection} has no field '{name}'.{nearest(name, columns)}"
                raise ConfigError(msg)


def _check_name(name: str, known: Sequence[AccessKey], now: datetime) -> None:
    """Raise ConfigError where two live keys have this name already."""
    live = [key.id for key in known if key.name == name and key.is_live(now)]
    if len(live) >= LIVE_OF_ONE_NAME:
        msg = (
            f"{name} has {len(live)} live keys, {' and '.join(live)}. Revoke the one "
            f"that nobody uses any more: runner keys revoke {live[0]}"
        )
        raise ConfigError(msg)


@keys.command("list")
@store_option
@format_option()
def list_keys(url: str, output: str) -> None:
    """List all keys, revoked and expired ones too; never their text."""
    now = datetime.now(UTC)
    with opened_store("runner keys list", url) as store:
        found = store.keys.all()
    if output == "json":
        click.echo(json.dumps([_as_json(key, now) for key in found]))
    elif not found:
        click.echo("No keys. Make one: runner keys create --collections NAME")
    else:
        rows = [
            [
                key.id,
                key.name,
                _state(key, now),
                ", ".join(_scopes(key)),
                _time(key.created_at),
                _time(key.expires_at),
            ]
            for key in found
        ]
        header = ["id", "name", "state", "opens", "created", "expires"]
        click.echo(table(header, rows))


@keys.command()
@store_option
@click.argument("key_id", metavar="ID")
def revoke(url: str, key_id: str) -> None:
    """Make a key good no more, within five seconds and without a restart.

    \b
    Example:
      runner keys list
      runner keys revoke 4kq0d8xw2n
    """
    with opened_store("runner keys revoke", url) as store:
        if not store.keys.revoke(key_id):
            # What was typed may be a key itself, so it is not repeated.
            hint = nearest(key_id, [key.id for key in store.keys.all()])
            msg = f"No key has this id.{hint} See: runner keys list"
            raise ConfigError(msg)
    click.echo(f"{key_id} is revoked; servers refuse it within five seconds.")


def _scopes(key: AccessKey) -> list[str]:
    """Each collection, with the fields that are seen of it where not all are."""
    return [
        f"{name}({', '.join(key.fields[name])})" if name in key.fields else name
        for name in key.collections
    ]


def _state(key: AccessKey, now: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    return "live" if key.is_live(now) else "expired"


def _as_json(key: AccessKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "state": _state(key, now),
        "collections": key.collections,
        "fields": key.fields,
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
    }


def _time(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None
