"""Turns one answer of Braze's into what it means for the rows and for the run.

Pure: status, headers and body in, an Outcome out. An answer that cannot be trusted
is never an acknowledgement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

MAX_WAIT = 86_400.0
"""Seconds; a longer wait is a clock gone wrong, not advice, and is not heeded."""

_EPOCH = 1_000_000_000
"""Reset values above this are UTC epoch seconds, below it seconds left (braze 1.4)."""


class Kind(Enum):
    """What to do next."""

    ACCEPTED = "accepted"
    """Every row is queued, but those in `refused`."""
    SPLIT = "split"
    """A row spoils the request and the answer does not say which: halve it."""
    RETRY = "retry"
    """Nobody knows, or nothing happened: send the same body again."""
    WAIT = "wait"
    """Braze says when to come back."""
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


def classify(  # noqa: PLR0911 - a table, one line a class of answer
    status: int, headers: Mapping[str, str], body: bytes, objects: int
) -> Outcome:
    """Read an answer to a request of `objects` objects.

    Follows the table "Outcome classes" for attributes: a repeat is harmless, so
    whatever is ambiguous is sent again.
    """
    if status == 429:
        return Outcome(Kind.WAIT, "429: rate limit", wait=_wait(headers))
    # Every answer says when its window ends; only these words ask to wait for it.
    wait = _retry_after(headers)
    if status in {401, 403}:
        return Outcome(Kind.AUTH, _auth_reason(status))
    if 300 <= status < 400:
        return Outcome(Kind.CONFIG, f"{status}: a redirect, which is never followed")
    if status in {404, 405, 415}:
        return Outcome(Kind.CONFIG, f"{status}: this is not Braze's REST endpoint")
    if status == 413:
        return Outcome(Kind.SPLIT, "413: the request is too large")
    answer = _parse(body)
    if status == 400:
        return _fatal(answer, objects)
    if 200 <= status < 300:
        return _success(status, answer, objects)
    if status == 408 or status >= 500:
        return Outcome(Kind.RETRY, f"{status}: Braze is unavailable", wait=wait)
    return Outcome(Kind.RETRY, f"{status}: {_message(answer)}", wait=wait)


def _success(status: int, answer: dict[str, Any] | None, objects: int) -> Outcome:
    if answer is None:
        return Outcome(Kind.RETRY, f"{status}: the answer is not whole JSON")
    message = answer.get("message")
    queued = status == 202 and message == "queued"
    if message != "success" and not queued:
        return Outcome(Kind.RETRY, f"{status}: the answer does not say success")
    refused = _refused(answer, objects)
    if refused is None:
        return Outcome(Kind.SPLIT, f"{status}: {_first_error(answer)}")
    processed = answer.get("attributes_processed")
    expected = (None, objects, objects - len(refused))
    if not queued and (isinstance(processed, bool) or processed not in expected):
        return Outcome(
            Kind.SPLIT, f"{status}: {objects} objects sent, {processed} processed"
        )
    return Outcome(Kind.ACCEPTED, refused=refused)


def _fatal(answer: dict[str, Any] | None, objects: int) -> Outcome:
    """A 400 of Braze's means that nothing was applied, whoever was at fault."""
    if answer is None:
        return Outcome(Kind.RETRY, "400: the answer is not Braze's")
    refused = _refused(answer, objects)
    if refused and len(refused) == objects:
        return Outcome(Kind.ACCEPTED, refused=refused, status="400")
    return Outcome(
        Kind.SPLIT,
        f"400: {_first_error(answer) if objects == 1 else _message(answer)}",
    )


def _refused(answer: dict[str, Any], objects: int) -> dict[int, str] | None:
    """Map errors[] to positions; None when an entry names no row of this request."""
    errors = answer.get("errors")
    if not errors:
        return {}
    refused: dict[int, str] = {}
    for entry in errors if isinstance(errors, list) else [errors]:
        if not isinstance(entry, dict):
            return None
        index = entry.get("index")
        if not isinstance(index, int) or isinstance(index, bool):
            return None
        if not 0 <= index < objects:
            return None
        # A tuple: what arrives here need not be hashable.
        if entry.get("input_array") not in (None, "attributes"):
            return None
        refused[index] = _text(entry.get("type")) or "refused without a reason"
    return refused


def _first_error(answer: dict[str, Any]) -> str:
    errors = answer.get("errors")
    if isinstance(errors, list) and errors:
        first = errors[0]
        text = _text(first.get("type")) if isinstance(first, dict) else _text(first)
        return text or _message(answer)
    return _message(answer)


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _message(answer: dict[str, Any] | None) -> str:
    return _text((answer or {}).get("message")) or "no message"


def _text(value: object) -> str:
    """Braze's own words, shortened and on one line."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return " ".join(text.split())[:200]


def _auth_reason(status: int) -> str:
    """Never Braze's text: a 401 echoes the key."""
    if status == 401:
        return "401: Braze does not know this key at this endpoint"
    return "403: the key lacks the permission users.track, or the account is inactive"


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the first header that makes sense, within bounds.

    Two dialects (braze-api sheet 1.4): X-Ratelimit-Retry-After and Retry-After hold
    seconds, the latter by its standard also a date; X-RateLimit-Reset holds epoch
    seconds or seconds left.
    """
    word = _retry_after(headers)
    if word is not None:
        return word
    reset = _float(headers.get("x-ratelimit-reset"))
    if reset is not None and reset >= _EPOCH:
        reset = _difference(reset, _date(headers.get("date")))
    return _first_sensible(reset)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    now = _date(headers.get("date"))
    return _first_sensible(
        _float(headers.get("x-ratelimit-retry-after")),
        _float(headers.get("retry-after")),
        _difference(_date(headers.get("retry-after")), now),
    )


def _first_sensible(*words: float | None) -> float | None:
    return next(
        (word for word in words if word is not None and 0 <= word <= MAX_WAIT), None
    )


def pause_before_limit(headers: Mapping[str, str], in_flight: int) -> float | None:
    """Seconds to pause when those still in flight take all that is left."""
    remaining = _float(headers.get("x-ratelimit-remaining"))
    if remaining is None or remaining > in_flight:
        return None
    return _wait(headers)


def _difference(later: float | None, now: float | None) -> float | None:
    return None if later is None or now is None else later - now


def _float(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _date(value: str | None) -> float | None:
    """The server's clock: the wait must not depend on ours."""
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
