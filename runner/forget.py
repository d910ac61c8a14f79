"""Erases one user: suppressed first, then deleted in Braze, then scrubbed from here.

Every step stands by itself: after a crash the remedy is to run it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import erasure
from .braze import Lane
from .errors import DeliveryError, GuardError
from .ledger import Ledger
from .objects import OBJECTS
from .operations import Operation
from .outcome import Kind, classify
from .recovery import Recovery
from .refusals import Sent
from .result import Destination
from .retries import stopping_error
from .settings import Limits
from .standing import SLASH, told_collection

if TYPE_CHECKING:
    from .manifest import Sync
    from .store import Store

SELECTORS: dict[str, str] = {
    "external_id": "external_ids",
    "braze_id": "braze_ids",
    "email": "email_addresses",
    "phone": "phone_numbers",
}
"""How a user may be named -> the operation of /users/delete that takes it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done about one user. It names the user by a hash alone."""

    user_hash: str
    suppressed_at: datetime
    deleted_at: datetime
    endpoint: str
    answer: str
    scrubbed: dict[str, int]
    """Rows deleted here, by table, and records by collection."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where records about a user may be served from."""

    store: Store
    syncs: Sequence[Sync]
    """The syncs that fill its collections."""

    def erase(self, ledger: Ledger, user: str) -> dict[str, int]:
        """Take a user's records out of every collection; return how many by each."""
        counts = {}
        for sync in self.syncs:
            name = told_collection(ledger, sync)
            keys = erasure.records_of(ledger, [user], sync.name, f"{name}{SLASH}")
            if name and keys:
                counts[f"collection {name}"] = self.store.erase(name, keys)
        return counts


def forget(  # noqa: PLR0917 - seven things, each said once
    by: str,
    value: str,
    to: Destination,
    limits: Limits,
    open_ledger: Callable[[], AbstractContextManager[Ledger]],
    recovery: Recovery,
    run_id: str,
    served: Served | None = None,
) -> Receipt:
    """Suppress, delete, scrub; return the receipt.

    Raises DeliveryError when Braze did not answer: the user stays suppressed, and the
    same command goes on from there.
    """
    user = f"{by}:{value.lower() if by == 'email' else value}"
    with open_ledger() as ledger, recovery.exclusive(ledger):
        if by in {"email", "phone"}:
            _check_others(ledger, by, value)
        erasure.suppress(ledger, run_id, [user])
    answer = _delete(_operation(by), _payload(by, value), to, limits)
    with open_ledger() as ledger, recovery.exclusive(ledger):
        erased = served.erase(ledger, user) if served else {}
        scrubbed = erasure.settle(ledger, [user]) | erased
        row = ledger.connection.execute(
            f"""
            select user_hash, suppressed_at, deleted_at from {ledger.suppressed}
            where user_hash = sha256(?)
            """,
            [user],
        ).fetchone()
    assert row is not None  # noqa: S101 - it was written above
    user_hash, suppressed_at, deleted_at = row
    return Receipt(user_hash, suppressed_at, deleted_at, to.endpoint, answer, scrubbed)


def _check_others(ledger: Ledger, by: str, value: str) -> None:
    """Deleting an address would leave its owner in the marts, to be sent anew."""
    others = erasure.others_with(ledger, by, value)
    if others:
        named = ", ".join(user.replace(":", " ", 1) for user in others)
        kind, _, key = others[0].partition(":")
        msg = (
            f"This {by} belongs to {named}, so the marts would send it again. "
            f"Nothing was done. Erase by that: runner forget {key} --by {kind}"
        )
        raise GuardError(msg)


def _operation(by: str) -> Operation:
    kind = OBJECTS["braze"]["deletions"]
    return next(each for each in kind.operations if each.name == SELECTORS[by])


def _payload(by: str, value: str) -> str:
    """E-mail and phone are objects, with the order in which to choose a profile."""
    if by in {"external_id", "braze_id"}:
        return json.dumps(value)
    prioritization = ["identified", "most_recently_updated"]
    return json.dumps({by: value, "prioritization": prioritization})


def _delete(operation: Operation, payload: str, to: Destination, limits: Limits) -> str:
    call = operation.call("", to.credentials)
    lane = Lane(to.endpoint, to.credentials.key, limits)
    try:
        answer = lane.send(call.method, call.path, call.body((payload,)))
    finally:
        lane.close()
    sent = Sent((payload,), array=operation.array, permission=operation.permission)
    outcome = classify(answer.status, answer.headers, answer.body, sent)
    if outcome.kind in {Kind.AUTH, Kind.CONFIG}:
        raise stopping_error(outcome)
    if outcome.kind is not Kind.ACCEPTED or outcome.refused:
        reason = (
            answer.failure or outcome.reason or next(iter(outcome.refused.values()))
        )
        msg = (
            f"Braze did not delete the user: {reason}. The user is suppressed, so "
            "nothing is sent to it; run the same command again."
        )
        raise DeliveryError(msg)
    return f"{answer.status} success"
