"""`runner movable-ink`: what its team wants to see beforehand, and a test."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from ..braze import Answer, Lane
from ..errors import AuthError, ConfigError, DeliveryError
from ..movable_ink.contracts import Contract, contract
from ..movable_ink.destination import from_environment
from ..movable_ink.webhooks import written
from ..outcome import Kind, classify
from ..project import Selection
from ..refusals import Sent, text_of
from .options import Workplace, project_options

_LIQUID = frozenset({"first", "last", "size"})
_KINDS = ("text", "number", "boolean")


@click.group("movable-ink")
def movable_ink() -> None:
    """Prepare and test the feed of Movable Ink.

    \b
    Example:
      runner movable-ink sample product_viewed
      runner movable-ink test product_viewed --limit 1
    """


@movable_ink.command()
@project_options
@click.argument("event")
def sample(selection: Selection, event: str) -> None:
    """Print a payload of EVENT that names nobody, to share with Movable Ink's team.

    \b
    Example:
      runner movable-ink sample product_viewed
    """
    found = contract(event, selection.project_dir)
    click.echo(json.dumps(_sample(found), indent=2, ensure_ascii=False))


@movable_ink.command()
@project_options
@click.option(
    "--limit",
    default=1,
    show_default=True,
    type=click.IntRange(1, 10),
    help="How many to send, one a request.",
)
@click.argument("event")
def test(selection: Selection, event: str, limit: int) -> None:
    """Send EVENT to Movable Ink and show the answer.

    Sends the sample, which holds nobody's data: it counts for no customer, and the
    ledger does not hear of it. Wait until Movable Ink's team says that the event is
    mapped.

    \b
    Example:
      runner movable-ink test product_viewed --limit 1
    """
    place = Workplace(selection)
    found = contract(event, place.project.directory)
    payload = _sample(found)
    if faults := found.faults(payload):
        msg = (
            f"{event}: the example is not as agreed, so nothing was sent: "
            f"{'; '.join(faults)}"
        )
        raise ConfigError(msg)
    to = from_environment("runner movable-ink test")
    lane = Lane(to.endpoint, to.credentials.key, place.limits, "Basic")
    try:
        text = json.dumps(payload, ensure_ascii=False)
        for _ in range(limit):
            click.echo(text)
            began = time.monotonic()
            answer = lane.send("POST", to.credentials.path, text.encode())
            seconds = time.monotonic() - began
            said = _said(answer, to.credentials.path)
            click.echo(
                f"{answer.status or 'no answer'}  {seconds * 1000:.0f} ms  {said}"
            )
            _check(answer)
    finally:
        lane.close()


@movable_ink.command()
@project_options
@click.option(
    "--users",
    type=click.Choice(["all", "known"]),
    default="all",
    show_default=True,
    help="Whether visitors without an external id count, too.",
)
@click.option(
    "--property",
    "more",
    multiple=True,
    metavar="NAME[:KIND]",
    help="A further property that the event has; text, number or boolean. Repeatable.",
)
@click.argument("event")
def webhook(
    selection: Selection, users: str, more: tuple[str, ...], event: str
) -> None:
    """Print the body of a Braze webhook that sends EVENT.

    For events that are not in the warehouse. Each message costs credits, and Braze
    sends it again where the answer is lost.

    \b
    Example:
      runner movable-ink webhook product_viewed
      runner movable-ink webhook wishlist_add --property id --property amount:number
    """
    found = contract(event, selection.project_dir)
    properties = dict(_property(each) for each in more)
    click.echo(written(found, users=users, more=properties), nl=False)


def _property(text: str) -> tuple[str, str]:
    name, _, kind = text.partition(":")
    if not name.isidentifier() or (kind or "text") not in _KINDS:
        msg = f"--property: '{text}' is not like amount:number; {', '.join(_KINDS)}."
        raise ConfigError(msg)
    if name in _LIQUID:
        msg = f"--property: {name} is a word of Liquid's own; give it another name."
        raise ConfigError(msg)
    return name, kind or "text"


def _sample(found: Contract) -> dict[str, Any]:
    """The example of a contract, as of now: nobody takes an old one."""
    return found.example() | {"timestamp": int(time.time() * 1000)}


def _said(answer: Answer, secret: str) -> str:
    """The answer's words without what opens the endpoint."""
    if not answer.status:
        return answer.failure
    text = answer.body.decode("utf-8", "replace")
    for each in (secret, Path(secret).name):
        text = text.replace(each, "***") if each else text
    return text_of(text)


def _check(answer: Answer) -> None:
    """Raise what a push would end in."""
    if not answer.status:
        msg = f"Movable Ink did not answer: {answer.failure}."
        raise DeliveryError(msg)
    sent = Sent(("{}",), naming="nothing")
    outcome = classify(answer.status, answer.headers, answer.body, sent)
    if outcome.kind is Kind.ACCEPTED:
        return
    if outcome.kind in {Kind.AUTH, Kind.CONFIG}:
        kind = AuthError if outcome.kind is Kind.AUTH else ConfigError
        msg = f"{outcome.reason}. {outcome.remedy}."
        raise kind(msg)
    msg = f"Movable Ink did not take the event: {outcome.reason}."
    raise DeliveryError(msg)
