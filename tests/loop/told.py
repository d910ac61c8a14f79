"""What Braze tells of the shop's people in its Currents files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.currents.files import Desk, write

from .project import NEWS

TODAY = datetime(2026, 11, 1, tzinfo=UTC)
CONSENTED = datetime(2026, 10, 1, 10, tzinfo=UTC)
"""When the warehouse heard a yes of everybody, but for fractions of a second."""
TEXT, WHOLE, YES = ["null", "string"], ["null", "long"], ["null", "boolean"]
MORE: dict[str, dict[str, Any]] = {
    "users.messages.email.Send": {
        "email_address": "string",
        "campaign_id": TEXT,
        "canvas_id": TEXT,
    },
    "users.messages.email.Delivery": {"email_address": "string"},
    "users.messages.email.Open": {"machine_open": TEXT, "canvas_id": TEXT},
    "users.messages.email.Click": {"is_suspected_bot_click": YES},
    "users.messages.email.Bounce": {"email_address": "string"},
    "users.messages.email.Unsubscribe": {"email_address": "string"},
    "users.messages.email.MarkAsSpam": {"email_address": "string"},
    "users.behaviors.subscription.GlobalStateChange": {
        "subscription_status": "string",
        "channel": TEXT,
        "email_address": TEXT,
        "state_change_source": TEXT,
    },
    "users.behaviors.subscriptiongroup.StateChange": {
        "subscription_status": "string",
        "subscription_group_id": "string",
    },
    "users.UserOrphan": {"orphaned_by_id": "string"},
    "users.behaviors.CustomEvent": {"name": "string", "properties": "string"},
    "users.behaviors.Purchase": {
        "product_id": "string",
        "price": "float",
        "currency": "string",
        "properties": "string",
    },
}
"""Event type -> its fields beside those of every event."""

Event = tuple[str, datetime, dict[str, Any]]


def ago(days: float) -> datetime:
    """A moment so many days before the shop's today."""
    return TODAY - timedelta(days=days)


def event(kind: str, at: datetime, person: str | None, **fields: Any) -> Event:
    """What Braze tells of a person, under `user_id` or one of the person's own."""
    user = fields.pop("user_id", f"braze-{person}")
    return kind, at, {"user_id": user, "external_user_id": person, **fields}


def email(kind: str, at: datetime, person: str | None, **fields: Any) -> Event:
    """What happened to an e-mail."""
    return event(f"users.messages.email.{kind}", at, person, **fields)


def consent() -> Iterator[Event]:
    """The warehouse's word is of October 1st: u6 said it before, all others after."""
    unsubscribed = ("u1", ago(3), {}), ("u6", ago(60), {}), ("u7", ago(-3000), {})
    for person, at, fields in unsubscribed:
        address = f"{person}@example.com"
        yield email("Unsubscribe", at, person, email_address=address, **fields)
    yield email("MarkAsSpam", ago(3), "u2", email_address="u2@example.com")
    anonymous = {"email_address": " U5@Example.com", "user_id": "nobody"}
    yield email("Unsubscribe", ago(3), None, **anonymous)
    yield event(
        "users.behaviors.subscription.GlobalStateChange",
        *(ago(3), "u3"),
        subscription_status="Unsubscribed",
        channel="push",
    )
    yield event(
        "users.behaviors.subscriptiongroup.StateChange",
        *(ago(3), "u4"),
        subscription_status="Unsubscribed",
        subscription_group_id=NEWS,
    )


def engagement() -> Iterator[Event]:
    """e1 reads, e2's mail is read by machines, e3 clicked before signing in."""
    for days in (100, 80, 60, 40, 20, 10):
        for person in ("e1", "e2", "e3"):
            address = f"{person}@example.com"
            yield email("Send", ago(days), person, email_address=address)
    yield email("Open", ago(10), "e1", canvas_id="welcome")
    yield email("Open", ago(9), "e1", machine_open="true")
    yield email("Click", ago(2), "e1", is_suspected_bot_click=True)
    for days in (5, 4):
        yield email("Open", ago(days), "e2", machine_open="true")
    yield email("Click", ago(20), None, user_id="visitor")
    for orphan, survivor in (("visitor", "device"), ("device", "braze-e3")):
        fields = {"user_id": orphan, "orphaned_by_id": survivor}
        yield event("users.UserOrphan", ago(15), None, **fields)
    yield event("users.messages.whatsapp.Read", ago(6), "e3")
    yield event("users.messages.whatsapp.Read", ago(5), "e3")


def the_rest() -> Iterator[Event]:
    """Bounces, a campaign, deletions, purchases."""
    for person in ("b1", "b2"):
        address = f"{person}@example.com"
        yield email("Bounce", ago(10), person, email_address=address)
    yield email("Delivery", ago(5), "b2", email_address="b2@example.com")
    for campaign, canvas in (("spring", None), ("", "autumn")):
        sent = {"campaign_id": campaign, "canvas_id": canvas, "email_address": ""}
        yield email("Send", datetime(2026, 10, 2, tzinfo=UTC), "m0", **sent)

    address = {"email_address": "gone@example.com"}
    yield email("Send", ago(30), "gone", **address)
    yield event("users.UserDeleteRequest", ago(2), None, user_id="braze-gone")
    # Another user had the id when the first one was deleted.
    moved = {"email_address": "moved@example.com"}
    yield email("Send", ago(30), "moved", user_id="old", **moved)
    yield email("Send", ago(20), "moved", user_id="new", **moved)
    yield event("users.UserDeleteRequest", ago(2), None, user_id="old")

    for text in ('{"event_id": "s9"}', "no JSON"):
        yield event(
            "users.behaviors.Purchase",
            *(ago(3), "e1"),
            product_id="hat",
            price=19.99,
            currency="eur",
            properties=text,
        )


def came_back(at: datetime) -> Iterator[Event]:
    """Of the parked rows two visits and a sale, and two events that are none."""
    shoes = {"product_id": "shoes", "price": 10.5, "currency": "EUR"}
    behaviors = [
        ("CustomEvent", "v1", "u1", {"name": "viewed"}),
        ("CustomEvent", "v2", "u2", {"name": "viewed"}),
        ("CustomEvent", "v3", "u3", {"name": "another event with its key"}),
        ("CustomEvent", "v4", "somebody else", {"name": "viewed"}),
        ("Purchase", "s1", "u1", shoes),
    ]
    for kind, key, user, fields in behaviors:
        properties = json.dumps({"event_id": key})
        kind_name = f"users.behaviors.{kind}"
        yield event(kind_name, at, user, properties=properties, **fields)


def write_files(directory: Path, events: Iterator[Event], name: str) -> Path:
    """Write a file per event type and hour, as Braze lays them out."""
    desk = Desk(directory)
    files: dict[Path, tuple[str, list[dict[str, Any]]]] = {}
    for number, (kind, at, fields) in enumerate(events):
        path = desk.path(kind, f"{at:%Y-%m-%d-%H}")
        # WhatsApp's times are long: milliseconds, for all that is known.
        seconds = int(at.timestamp())
        time = seconds * 1000 if "whatsapp" in kind else seconds
        row = {"id": f"{name}-{number}", "time": time, **fields}
        files.setdefault(path, (kind, []))[1].append(row)
    for path, (kind, rows) in files.items():
        more = MORE.get(kind, {})
        complete = [dict.fromkeys(more) | row for row in rows]
        long_time = {"time": "long"} if "whatsapp" in kind else {}
        write(path, complete, more | long_time)
    return desk.files
