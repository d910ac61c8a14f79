"""Looks at the columns of a sync's pending view and marts before anything is planned.

What is missing or reserved is an error with its remedy, in words without data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import BrokenSync
from .manifest import Relation, Sync

if TYPE_CHECKING:
    from .warehouse import Session

PENDING_COLUMNS = (
    "row_key",
    "change",
    "payload",
    "row_json",
    "row_hash",
    "data_points",
    "key_count",
    "problem",
)
WHOLE_COLUMNS = (
    "operation",
    "scope",
    "user_key",
    "user_keys",
    "sort_key",
    "adoptable",
    "reach",
)
"""What the pending rows of all objects but attributes have besides."""

CHANGES = ("added", "changed", "removed")

WAITS = "waits"
"""Why a row of Movable Ink's cannot leave yet; it stays pending."""

SENT_TIMES = "sent_times"
"""Attributes with a minimum interval: when each of them was last sent."""

CONSENT_NAMES = frozenset({"email_subscribe", "push_subscribe", "subscription_groups"})

PRIMARY_IDENTIFIERS = ("external_id", "braze_id", "user_alias")
"""An object may hold one of them; e-mail and phone are attributes beside it."""

RESERVED_NAMES = frozenset(
    {
        *("_mart_row", "_row_key", "_row_hash", "_is_known", "_is_resync"),
        *("_update_existing_only", "_merge_objects", "push_token_import"),
    }
)
"""What pending_rows() adds on the way, and what would steer Braze, not a profile."""


def check_columns(connection: Session, sync: Sync) -> set[str]:
    """Return the pending view's columns; raise ConfigError when they will not do."""
    found = {*columns_of(connection, sync, sync.pending)}
    wanted = [*PENDING_COLUMNS]
    if "operation" in found or len(sync.operations) > 1:
        wanted += [*WHOLE_COLUMNS, WAITS]
    missing = [name for name in wanted if name not in found]
    if missing:
        macro = "pending_rows()" if sync.object == "attributes" else "its macro"
        msg = (
            f"{sync.name}: {sync.pending.name} lacks the column {', '.join(missing)}. "
            f"Build it with {macro}; see docs/pending-rows.md."
        )
        raise BrokenSync(sync.name, msg)
    if "operation" not in found:
        for mart in sync.marts:
            _check_mart(connection, sync, mart)
    return found


def _check_mart(connection: Session, sync: Sync, mart: Relation) -> None:
    """Every column of a mart of attributes leaves: some names must not."""
    names = {*columns_of(connection, sync, mart)}
    if len(names) < 2:
        msg = f"{sync.name}: {mart.name} has no column but its key: nothing to send."
        raise BrokenSync(sync.name, msg)
    if names & RESERVED_NAMES:
        msg = (
            f"{sync.name}: {mart.name} has the column "
            f"{', '.join(sorted(names & RESERVED_NAMES))}, a name that "
            "pending_rows() keeps for itself. Rename it."
        )
        raise BrokenSync(sync.name, msg)
    if consent := sorted(names & CONSENT_NAMES):
        msg = (
            f"{sync.name}: {mart.name} has the column {', '.join(consent)}. Consent "
            "has a sync of its own, where Braze's later word wins: docs/consent.md."
        )
        raise BrokenSync(sync.name, msg)
    primary = [name for name in names if name.lower() in PRIMARY_IDENTIFIERS]
    if len(primary) > 1:
        msg = (
            f"{sync.name}: {mart.name} has the columns {_listed(primary)}. "
            "Braze refuses an object with two of these; keep the key only."
        )
        raise BrokenSync(sync.name, msg)


def _listed(names: list[str]) -> str:
    return " and ".join(sorted(names))


def columns_of(
    connection: Session, sync: Sync, relation: Relation | str
) -> dict[str, str]:
    """Column -> type of what a sync reads."""
    with blaming(connection, sync):
        return connection.columns_of(relation)


@contextmanager
def blaming(connection: Session, sync: Sync) -> Iterator[None]:
    """Do something about a sync; the engine's faults get words of ours."""
    try:
        yield
    except Exception as error:
        fault = connection.fault(error)
        if fault == "missing":
            msg = (
                f"{sync.name}: {sync.pending} does not exist or reads what no longer "
                "does. Run: runner build (with the same --target)."
            )
            raise BrokenSync(sync.name, msg) from None
        if fault == "statement":
            # The engine's own text may quote a customer's value.
            kind = type(error).__name__.removesuffix("Exception")
            msg = (
                f"{sync.name}: {sync.pending} cannot be read ({kind}). "
                f"To see why: select * from {sync.pending}"
            )
            raise BrokenSync(sync.name, msg) from None
        # About the warehouse, not about this sync.
        raise


def check_words(sync: Sync, change: str | None, operation: str | None) -> None:
    """Refuse a word that pending rows should not say, if one was found.

    A change would not be counted, and an operation be sent as something else.
    """
    says = f"{sync.name}: {sync.pending.name} says"
    if change is not None:
        known = f"{', '.join(CHANGES[:-1])} and {CHANGES[-1]}"
        raise BrokenSync(sync.name, f"{says} change '{change}'. It knows {known}.")
    if operation is not None:
        known = ", ".join(each.name for each in sync.operations)
        raise BrokenSync(
            sync.name,
            f"{says} operation '{operation}'. {sync.object} knows {known}.",
        )
