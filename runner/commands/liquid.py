"""`runner liquid`: a Connected Content block for Braze, or what it renders."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from ..errors import ConfigError, DeliveryError, nearest
from ..liquid import Block, recipient_value, written
from ..record_paths import Leaf, leaves
from ..settings import read_secret
from .options import say
from .stored import opened_store, store_option, without_extra

if TYPE_CHECKING:
    from ..connected_content import Call, Recipient, Rendered
    from ..store import Definition, Held

KEY = "PERSONALIZATION_KEY"
PASSES = 2
"""How often it is rendered, as an e-mail with HTML and text is."""

SAMPLES = 200
"""Records that are looked at for what is nested in them."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_CREDENTIAL = re.compile(r"\w[\w-]*")
_VALUE = re.compile(r"(?:(?P<source>\w+)\.)?\$\{(?P<name>[^{}]+)\}")
_RENDER = "runner liquid --render"
_PASTED = "PASTE-THE-KEY-HERE"


@click.command()
@store_option
@click.option(
    "--index",
    metavar="NAME",
    help="What a record is looked up by.  [default: the collection's key]",
)
@click.option(
    "--host",
    default="http://127.0.0.1:8080",
    show_default=True,
    metavar="URL",
    help="Where Braze finds `runner serve`.",
)
@click.option(
    "--credential",
    default="personalization",
    show_default=True,
    metavar="NAME",
    help="What the key is called among Braze's stored credentials.",
)
@click.option("--key-in-header", is_flag=True, help="Put the key into the message.")
@click.option(
    "--value",
    metavar="LIQUID",
    help="What the recipient is looked up by, such as 'custom_attribute.${store}'.",
)
@click.option("--plain", is_flag=True, help="For a subject, a push or an SMS: no HTML.")
@click.option("--in-app", is_flag=True, help="For an in-app message: no :retry.")
@click.option(
    "--render",
    "asked",
    metavar="VALUE",
    help=f"Render it for who has this value; the key is read from {KEY} or {KEY}_FILE.",
)
@click.argument("collection")
def liquid(  # noqa: PLR0917 - click passes them by name
    url: str,
    index: str | None,
    host: str,
    credential: str,
    value: str | None,
    asked: str | None,
    collection: str,
    *,
    key_in_header: bool,
    plain: bool,
    in_app: bool,
) -> None:
    """Print a Connected Content block for a collection.

    It calls the API for one recipient, aborts the message when there is no record, and
    prints every path of the collection. With --render, Braze's part is played here:
    the text that comes out, then the calls that were made.

    \b
    Example:
      runner liquid recommendations --host https://personalization.example.com
      runner liquid products --index category --plain
      runner liquid recommendations --render C10009
    """
    base = _host(host)
    if not _CREDENTIAL.fullmatch(credential):
        msg = f"--credential: '{credential}' is not letters, digits, _ and -."
        raise ConfigError(msg)
    with opened_store("runner liquid", url) as store:
        definition = _definition(collection, store.held())
        payloads = [text for _, text in islice(store.rows(collection), SAMPLES)]
    chosen = index or definition.key
    _check_index(definition, chosen)
    looked_up = value or recipient_value(chosen)
    if not _VALUE.fullmatch(looked_up):
        msg = (
            (
                f"--value: '{looked_up}' is not an attribute of a recipient: "
                "${{user_id}} or custom_attribute.${{store}}."
            )
            .replace("{{", "{")
            .replace("}}", "}")
        )
        raise ConfigError(msg)
    block = Block(
        definition,
        chosen,
        base,
        _leaves(definition, payloads),
        None if key_in_header else credential,
        looked_up,
        is_html=not plain,
        in_app=in_app,
    )
    template = written(block)
    if asked is None:
        click.echo(template, nl=False)
        if urlsplit(base).hostname in LOOPBACK:
            say(f"Braze cannot reach {base}: give --host before you paste this.")
    else:
        _render(block, template, asked)


def _host(text: str) -> str:
    """The address without a slash at its end; raises ConfigError where Braze can't."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        msg = f"--host: '{text}' is not an address such as https://api.example.com."
        raise ConfigError(msg)
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        msg = f"--host: write {parts.scheme}://{parts.hostname} and nothing behind it."
        raise ConfigError(msg)
    if parts.hostname not in LOOPBACK:
        if parts.scheme != "https":
            msg = f"--host: {text} would send the key in the clear; use https://."
            raise ConfigError(msg)
        if port not in {None, 443}:
            msg = f"--host: Braze calls https on port 443 alone, not on {port}."
            raise ConfigError(msg)
    return f"{parts.scheme}://{parts.netloc}"


def _definition(collection: str, held: Mapping[str, Held]) -> Definition:
    if collection not in held:
        hint = nearest(collection, held) or " Push it first."
        msg = f"The store has no collection '{collection}'.{hint}"
        raise ConfigError(msg)
    return held[collection].definition


def _leaves(definition: Definition, payloads: Sequence[str]) -> tuple[Leaf, ...]:
    """The paths of a collection; raises ConfigError for a record that has too many."""
    try:
        return leaves(definition.columns, payloads)
    except RecursionError:
        msg = (
            f"{definition.collection}: a record is nested too deeply to be looked "
            "through. Serve less of it."
        )
        raise ConfigError(msg) from None


def _check_index(definition: Definition, name: str) -> None:
    known = [definition.key, *(index.name for index in definition.indexes)]
    if name not in known:
        msg = (
            f"{definition.collection} has no index '{name}'.{nearest(name, known)} "
            f"It has: {', '.join(known)}."
        )
        raise ConfigError(msg)


def _render(block: Block, template: str, asked: str) -> None:
    """Print what the block becomes for one recipient; raises DeliveryError if nothing.

    The key takes the place that it has in Braze, and is never printed.
    """
    key = read_secret(KEY, os.environ)
    try:
        from ..connected_content import (  # noqa: PLC0415 - an extra
            Token,
            Workspace,
        )
    except ModuleNotFoundError as error:
        raise without_extra(_RENDER, error) from None
    stored = {}
    if block.credential:
        domain = urlsplit(block.host).hostname or ""
        token = Token({"Authorization": f"Bearer {key}"}, domain)
        stored[block.credential] = token
    workspace = Workspace(stored)
    rendered = workspace.render(
        template.replace(_PASTED, key),
        _recipient(block.value, asked),
        passes=PASSES,
        in_app=block.in_app,
    )
    if rendered.abort is None:
        click.echo(rendered.text.strip())
    for call in rendered.calls:
        say(_line(call))
    if rendered.abort is not None:
        raise DeliveryError(_why(rendered, block))


def _recipient(value: str, asked: str) -> Recipient:
    """Somebody of whom this one attribute is known."""
    from ..connected_content import Recipient  # noqa: PLC0415 - an extra

    found = _VALUE.fullmatch(value)
    assert found is not None  # noqa: S101 - checked when the block was made
    known = {found["name"]: asked}
    if found["source"] is None:
        return Recipient(attributes=known)
    if found["source"] == "custom_attribute":
        return Recipient(custom=known)
    return Recipient(more={found["source"]: known})


def _line(call: Call) -> str:
    came = "from Braze's cache" if call.is_cached else f"{call.milliseconds:.1f} ms"
    note = f"  {call.note}" if call.note else ""
    return f"GET {call.url}  {call.status}  {call.size:,} bytes  {came}{note}"


def _why(rendered: Rendered, block: Block) -> str:
    """Why Braze would not send the message, and what to do about it."""
    told = {
        200: "there is no such record",
        401: f"the server does not know the key: see {KEY} and runner keys list",
        404: "there is no such record, or the key may not see the collection",
        410: "the record was removed",
        599: f"nothing answers at {block.host}: start runner serve, or give --host",
    }
    status = rendered.calls[-1].status if rendered.calls else 0
    return f"Braze would not send this message: {told.get(status, rendered.abort)}."
