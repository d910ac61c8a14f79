"""What Braze tells so that it takes a second look to see who, or what, is meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .project import NEWS
from .told import CONSENTED, Event, ago, email, event


def consent() -> Iterator[Event]:
    """n: a no whose person, channel or group is to be found; s: what is set aside."""
    # Only an entry into a Canvas says who that is; the address is nobody's here.
    anonymous = {"email_address": "private@example.com"}
    yield email("Unsubscribe", ago(3), None, user_id="braze-n1", **anonymous)
    yield event("users.canvas.Entry", ago(9), "n1")
    # A visitor was merged into n2, and n3 had another id.
    yield email("Unsubscribe", ago(3), None, user_id="visitor-n2", **anonymous)
    orphan = {"user_id": "visitor-n2", "orphaned_by_id": "braze-n2"}
    yield event("users.UserOrphan", ago(2), None, **orphan)
    yield event("users.canvas.Entry", ago(9), "n2")
    yield email("Unsubscribe", ago(3), "n3-old", user_id="braze-n3", **anonymous)
    yield event("users.canvas.Entry", ago(2), "n3")
    for person, channel in (("n4", ""), ("n5", None), ("n6", "Mobile_Push")):
        yield _state("Unsubscribed", person, channel=channel)
    yield _group_state("Unsubscribed", "n7", f" {NEWS.upper()} ")
    yield _group_state("Unsubscribed", "n8", "")
    # A no that is no later than the yes of the same second.
    yield _state("Unsubscribed", "n9", at=CONSENTED, channel="email")

    yield _state("Unsubscribed", "s1", channel="pigeon")
    yield _state("Perhaps", "s2", channel="email")
    yield _state("Subscribed", "s3", channel="")
    yield _group_state("Subscribed", "s4", "")
    yield _group_state("Unsubscribed", "s5", "group-of-another-seed")


def _state(
    status: str, person: str, at: datetime | None = None, **fields: Any
) -> Event:
    kind = "users.behaviors.subscription.GlobalStateChange"
    return event(kind, at or ago(3), person, subscription_status=status, **fields)


def _group_state(status: str, person: str, group: str) -> Event:
    kind = "users.behaviors.subscriptiongroup.StateChange"
    fields = {"subscription_status": status, "subscription_group_id": group}
    return event(kind, ago(3), person, **fields)


def deletions() -> Iterator[Event]:
    """Users whom Braze deleted, whose ids few events tell, and who was none of them."""
    # Each id by one type alone that no model of ours reads for itself.
    for kind in ("canvas.Entry", "campaigns.Conversion", "behaviors.app.SessionEnd"):
        person = f"gone-{kind.partition('.')[0]}"
        yield event(f"users.{kind}", ago(30), person)
        yield _deletion(f"braze-{person}")
    # It is the survivor who is deleted, and the orphaned one had the id.
    yield event("users.canvas.Entry", ago(30), "gone-merged", user_id="merged")
    orphan = {"user_id": "merged", "orphaned_by_id": "survivor"}
    yield event("users.UserOrphan", ago(20), None, **orphan)
    yield _deletion("survivor")
    # The event of the merge tells the survivor's id.
    yield event("users.canvas.Entry", ago(30), "gone-survivor")
    orphan = {"user_id": "orphan", "orphaned_by_id": "braze-gone-survivor"}
    yield event("users.UserOrphan", ago(20), "gone-survivor", **orphan)
    yield _deletion("braze-gone-survivor")
    # Under the old id the shop still has the person.
    yield event("users.canvas.Entry", ago(30), "gone-renamed", user_id="renamed")
    yield event("users.canvas.Entry", ago(20), "renamed-since", user_id="renamed")
    yield _deletion("renamed")
    # Two users had the id, one after the other, and both were deleted.
    yield event("users.canvas.Entry", ago(30), "gone-twice", user_id="first")
    yield event("users.canvas.Entry", ago(20), "gone-twice", user_id="second")
    yield _deletion("first")
    yield _deletion("second")

    # The user who was merged away is no more, and who is left lives.
    yield event("users.canvas.Entry", ago(30), "kept-merged", user_id="kept-1")
    orphan = {"user_id": "kept-1", "orphaned_by_id": "kept-2"}
    yield event("users.UserOrphan", ago(20), None, **orphan)
    yield _deletion("kept-1")
    # Nobody's id: an event that tells of no user.
    yield event("users.canvas.Entry", ago(30), "kept-blank", user_id="")
    yield _deletion("")
    # Another user is seen with the id before the deletion and after it.
    yield event("users.canvas.Entry", ago(30), "kept-taken", user_id="taken")
    yield event("users.canvas.Entry", ago(20), "kept-taken", user_id="taker")
    yield event("users.canvas.Entry", ago(1), "kept-taken", user_id="taker")
    yield _deletion("taken")


def _deletion(user: str) -> Event:
    return event("users.UserDeleteRequest", ago(2), None, user_id=user)
