"""Erases one user: suppressed first, then deleted in Braze, then scrubbed from here.

Every step stands by itself: after a crash the remedy is to run it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import erasure
from .braze import Lane
from .errors import DeliveryError, GuardError
from .ledger import Ledger
from .manifest import Relation
from .named import user_hash
from .objects import OBJECTS
from .operations import Operation
from .outcome import Kind, classify
from .recovery import Recovery
from .refusals import Sent
from .result import Destination
from .retries import stopping_error
from .settings import Limits
from .standing import SLASH, is_filled_by, told_collections

if TYPE_CHECKING:
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


OpenStore = Callable[[str], AbstractContextManager["Store"]]
"""Opens the store that a collection of that sync is served from."""


def forget(  # noqa: PLR0917 - eight things, each said once
    by: str,
    value: str,
    to: Destination,
    limits: Limits,
    open_ledger: Callable[[], AbstractContextManager[Ledger]],
    recovery: Recovery,
    run_id: str,
    open_store: OpenStore,
    visits: Collection[Relation] = (),
) -> Receipt:
    """Suppress, delete, scrub; return the receipt.

    `visits` are the models that know which visitor of the site the user was.

    Raises GuardError, before anything is done, where the store at hand is not the one
    that the ledger has filled; DeliveryError when Braze did not answer: the user stays
    suppressed, and the same command goes on from there.
    """
    user = f"{by}:{value.lower() if by == 'email' else value}"
    with open_ledger() as ledger, recovery.exclusive(ledger):
        if by in {"email", "phone"}:
            _check_others(ledger, by, value)
        _erase_records(ledger, None, open_store)
        erasure.suppress(ledger, run_id, [user])
        erasure.suppress_visitors(ledger, run_id, visits)
    answer = _delete(_operation(by), _payload(by, value), to, limits)
    with open_ledger() as ledger, recovery.exclusive(ledger):
        erased = _erase_records(ledger, user, open_store)
        scrubbed = erasure.settle(ledger, [user]) | erased
        row = ledger.connection.execute(
            f"""
            select user_hash, suppressed_at, deleted_at from {ledger.suppressed}
            where user_hash = ? and run_id is distinct from 'currents'
            """,
            [user_hash(user)],
        ).fetchone()
    assert row is not None  # noqa: S101 - it was written above
    hashed, suppressed_at, deleted_at = row
    return Receipt(hashed, suppressed_at, deleted_at, to.endpoint, answer, scrubbed)


def _erase_records(
    ledger: Ledger, user: str | None, open_store: OpenStore
) -> dict[str, int]:
    """Take a user's records out of every collection that the ledger has filled.

    The version before goes as a whole: who left the mart long ago may be in it still.
    Returns how many by collection; without a user only looks whether that could be
    done. A collection whose sync is switched off is served on, so it counts too.
    """
    counts = {}
    for sync, name in told_collections(ledger):
        with open_store(sync) as store:
            held = store.held().get(name)
            if held is None or not is_filled_by(ledger, sync, held):
                msg = (
                    f"{store.url} does not hold {name} as this ledger left it: is "
                    "PERSONALIZATION_STORE set to another place? Nothing was done. "
                    f"See: runner push -s {sync}"
                )
                raise GuardError(msg)
            if user is not None:
                keys = erasure.records_of(ledger, user, sync, f"{name}{SLASH}")
                counts[f"collection {name}"] = store.erase(name, keys)
                store.give_up_before(name)
    return counts


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
