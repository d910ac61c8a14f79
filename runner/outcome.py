"""Turns one answer into what it means for the rows and for the run.

Pure: status, headers and body in, an Outcome out. An answer that cannot be trusted
is never an acknowledgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from .refusals import (
    Sent,
    first_error,
    is_page,
    message_of,
    names_error,
    parsed,
    refused_rows,
)
from .waits import retry_after, wait


class Kind(Enum):
    """What to do next."""

    ACCEPTED = "accepted"
    """Every row is queued, but those in `refused`."""
    AGAIN = "again"
    """Nothing is applied; `refused` says whose fault it is: send the others again."""
    SPLIT = "split"
    """A row spoils the request and the answer does not say which: halve it."""
    RETRY = "retry"
    """Nobody knows, or nothing happened: send the same body again."""
    WAIT = "wait"
    """Braze says when to come back."""
    UNKNOWN = "unknown"
    """It may be applied, and a repeat would count twice: park the rows."""
    MISSING = "missing"
    """Braze does not have what the rows are about: stop this sync."""
    AUTH = "auth"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The meaning of one answer."""

    kind: Kind
    reason: str = ""
    refused: Mapping[int, str] = field(default_factory=dict)
    """Position in the request -> why Braze refused that object."""
    wait: float | None = None
    """Seconds that Braze asked to wait before the next request."""
    status: str = "201"
    """The HTTP status beside which `refused` was said."""
    is_applied: bool | None = None
    """Whether the request was applied: None where nobody can know."""
    remedy: str = ""
    """What to look at where nothing more can be sent; nothing for Braze's own."""


def classify(
    status: int, headers: Mapping[str, str], body: bytes, sent: Sent
) -> Outcome:
    """Read an answer by the table "Outcome classes" of the reliability sheet (2.2)."""
    read = _read_plainly if sent.naming == "nothing" else _read
    outcome = read(status, headers, body, sent)
    in_doubt = outcome.kind in {Kind.RETRY, Kind.SPLIT} and outcome.is_applied is None
    if sent.once and in_doubt:
        return replace(outcome, kind=Kind.UNKNOWN)
    return outcome


def _read(  # noqa: PLR0911 - a table, one line a class of answer
    status: int, headers: Mapping[str, str], body: bytes, sent: Sent
) -> Outcome:
    if status == 429:
        return Outcome(Kind.WAIT, "429: rate limit", wait=wait(headers))
    # Every answer says when its window ends; only these words ask to wait for it.
    word = retry_after(headers)
    if status in {401, 403}:
        return Outcome(Kind.AUTH, _auth_reason(status, sent), is_applied=False)
    if 300 <= status < 400:
        return Outcome(Kind.CONFIG, f"{status}: a redirect, which is never followed")
    answer = parsed(body)
    if status == 404 and sent.naming == "item" and answer and answer.get("errors"):
        is_catalog = names_error(answer, "catalog-not-found")
        kind = Kind.MISSING if is_catalog else Kind.SPLIT
        return Outcome(kind, f"404: {first_error(answer)}", is_applied=False)
    if status in {404, 405, 415}:
        return Outcome(Kind.CONFIG, f"{status}: this is not Braze's REST endpoint")
    if status == 413:
        reason = "413: the request is too large"
        return Outcome(Kind.SPLIT, reason, is_applied=False)
    if status == 423:
        return Outcome(Kind.WAIT, "423: another write is in progress", wait=word)
    if status == 400:
        return _fatal(answer, sent)
    if 200 <= status < 300:
        return _success(status, body, answer, sent)
    if status == 408 or status >= 500:
        return Outcome(Kind.RETRY, f"{status}: Braze is unavailable", wait=word)
    return Outcome(Kind.RETRY, f"{status}: {message_of(answer)}", wait=word)


def _success(
    status: int, body: bytes, answer: dict[str, Any] | None, sent: Sent
) -> Outcome:
    if answer is None and sent.is_partner and status == 201 and not is_page(body):
        # A partner's endpoints answer 201 with a body that no page of Braze's shows.
        return Outcome(Kind.ACCEPTED, is_applied=True)
    if answer is None:
        return Outcome(Kind.RETRY, f"{status}: the answer is not whole JSON")
    message = answer.get("message")
    queued = status == 202 and message == "queued"
    if message != "success" and not queued and not sent.is_partner:
        return Outcome(Kind.RETRY, f"{status}: the answer does not say success")
    refused = refused_rows(answer, sent)
    if refused is None:
        return Outcome(Kind.SPLIT, f"{status}: {first_error(answer)}")
    objects = len(sent.payloads)
    processed = answer.get(f"{sent.array}_processed")
    expected = (None, objects, objects - len(refused))
    if not queued and (isinstance(processed, bool) or processed not in expected):
        return Outcome(
            Kind.SPLIT, f"{status}: {objects} objects sent, {processed} processed"
        )
    return Outcome(Kind.ACCEPTED, refused=refused, is_applied=True)


def _fatal(answer: dict[str, Any] | None, sent: Sent) -> Outcome:
    """A 400 of Braze's means that nothing was applied, whoever was at fault."""
    if answer is None:
        return Outcome(Kind.RETRY, "400: the answer is not Braze's")
    # Seen once in the wild: a 400 that counts what it processed.
    is_applied = None if answer.get(f"{sent.array}_processed") else False
    refused = (
        {} if sent.naming in {"renamed", "removed"} else refused_rows(answer, sent)
    )
    objects = len(sent.payloads)
    if refused and len(refused) == objects:
        return Outcome(Kind.ACCEPTED, refused=refused, status="400", is_applied=False)
    if refused and sent.naming == "item":
        return Outcome(Kind.AGAIN, "400", refused, status="400", is_applied=False)
    reason = first_error(answer) if objects == 1 else message_of(answer)
    return Outcome(Kind.SPLIT, f"400: {reason}", is_applied=is_applied)


def _read_plainly(  # noqa: PLR0911 - a table, one line a class of answer
    status: int, headers: Mapping[str, str], body: bytes, _sent: Sent
) -> Outcome:
    """An answer of Movable Ink's collector: the status says it all, of every row.

    Its texts are looked at only where a row is refused: others may echo the endpoint.
    """
    word = retry_after(headers)
    if status in {401, 403}:
        reason = f"{status}: Movable Ink does not accept these credentials"
        return Outcome(Kind.AUTH, reason, is_applied=False, remedy=_CREDENTIALS)
    if 300 <= status < 400:
        reason = f"{status}: a redirect, which is never followed"
        return Outcome(Kind.CONFIG, reason, remedy="Check MOVABLE_INK_URL")
    if status in {404, 405, 415}:
        reason = f"{status}: this is not an endpoint of Movable Ink's"
        return Outcome(Kind.CONFIG, reason, remedy="Check MOVABLE_INK_URL")
    if status in {429, 503}:
        reason = f"{status}: Movable Ink asks to wait"
        return Outcome(Kind.WAIT, reason, is_applied=False, wait=word)
    if status == 408 or status >= 500:
        return Outcome(Kind.RETRY, f"{status}: Movable Ink is unavailable", wait=word)
    if 400 <= status < 500:
        words = message_of(parsed(body))
        return Outcome(Kind.SPLIT, f"{status}: {words}", is_applied=False)
    if 200 <= status < 300 and not is_page(body):
        return Outcome(Kind.ACCEPTED, is_applied=True)
    return Outcome(Kind.RETRY, f"{status}: the answer is not Movable Ink's")


_CREDENTIALS = (
    "Check MOVABLE_INK_USERNAME and MOVABLE_INK_PASSWORD, or MOVABLE_INK_AUTHORIZATION"
)


def _auth_reason(status: int, sent: Sent) -> str:
    """Never Braze's text: a 401 echoes the key."""
    if status == 401 and sent.is_partner:
        return "401: Braze does not know this partner key or data import key"
    if status == 401:
        return "401: Braze does not know this key at this endpoint"
    return f"403: the key lacks the permission {sent.permission}, or it is inactive"
