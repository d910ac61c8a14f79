"""When Braze wants the next request: read from the headers of an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MAX_WAIT = 86_400.0
"""Seconds; a longer wait is a clock gone wrong, not advice, and is not heeded."""

_EPOCH = 1_000_000_000
"""Reset values above this are UTC epoch seconds, below it seconds left (braze 1.4)."""


def wait(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the first header that makes sense, within bounds.

    Two dialects (braze-api sheet 1.4): X-Ratelimit-Retry-After and Retry-After hold
    seconds, the latter by its standard also a date; X-RateLimit-Reset holds epoch
    seconds or seconds left.
    """
    word = retry_after(headers)
    if word is not None:
        return word
    reset = _float(headers.get("x-ratelimit-reset"))
    if reset is not None and reset >= _EPOCH:
        reset = _difference(reset, _date(headers.get("date")))
    return _first_sensible(reset)


def retry_after(headers: Mapping[str, str]) -> float | None:
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
    return wait(headers)


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
