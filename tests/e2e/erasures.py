"""What the tests of erasure look for: who is suppressed, and who is still named."""

from __future__ import annotations

import hashlib
from datetime import datetime

from tests.conftest import LEDGER

from .objects import Objects

DELETE = "/users/delete"
JANUARY = datetime(2026, 1, 1)  # noqa: DTZ001 - UTC, as the marts' columns


def user_hash(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()


def suppressed(objects: Objects) -> dict[str, bool]:
    """Hash -> whether Braze has accepted the deletion."""
    return dict(
        objects.sql(
            "select user_hash, deleted_at is not null "
            f"from {LEDGER}.ledger_suppressed_users"
        )
    )


def mentions(objects: Objects, text: str) -> list[str]:
    """The tables of the ledger that name somebody."""
    return [name for name, rows in objects.ledger().items() if text in str(rows)]


def touch(objects: Objects) -> None:
    """Give everybody a change to send."""
    objects.sql("update main.people set points = points + 100")


def everywhere(objects: Objects, *people: str) -> None:
    """Put people into every mart that writes to them."""
    objects.fill("people", [(one, "blue", 9) for one in people])
    objects.fill("flags", [(one, True) for one in people])
    objects.fill("members", [("c1", "VIP", one) for one in people])
    objects.fill(
        "consents", [(one, "newsletter", "subscribed", JANUARY) for one in people]
    )
    objects.fill("nicknames", [(one, f"n-{one}", "login") for one in people])
    objects.fill("leads", [(one, f"l-{one}", "card", None, None) for one in people])
    objects.fill("renames", [(one, f"new-{one}", None, JANUARY) for one in people])
    objects.fill(
        "visits", [(f"v-{one}", one, "visited", JANUARY, None) for one in people]
    )
    objects.fill(
        "sales",
        [(f"s-{one}", one, "shoe", "EUR", 1, 1, JANUARY, None) for one in people],
    )
