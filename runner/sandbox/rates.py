"""Holds the rate limits of the endpoints, and how an answer tells of them.

Must not count requests, nor read a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, Literal

from .meters import RateWindow, Window

Dialect = Literal["epoch", "seconds"]
Rate = tuple[int, float]

LIMIT, REMAINING, RESET, RETRY_AFTER = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-retry-after",
)
UNAUTHORISED: Final = dict.fromkeys((LIMIT, REMAINING, RESET), "")
TRACK: Final = "track"

# Requests, and in how many seconds: contract sheet 1.3 ("API limits", read 2026-09-02).
# What /users/track allows is a matter of contract: it has an option of its own.
POOLS: Final[dict[str, Rate | None]] = {
    TRACK: None,
    "bulk": (50, 1.0),
    "export": (250, 60.0),
    "identity": (20_000, 60.0),
    "rename": (1_000, 60.0),
    "remove": (1_000, 60.0),
    "subscriptions": (5_000, 60.0),
    "catalogs": (50, 60.0),
    "catalog_fields": (50, 60.0),
    "catalog_items": (16_000, 60.0),
    "catalog_item": (50, 60.0),
    "cohorts": (250_000, 3600.0),
    "shared": (250_000, 3600.0),
    # Movable Ink's collector, which publishes no limit.
    "movable_ink": None,
}
# The contracts whose headers tell seconds do so where user data is written.
_DIALECTS: Final = frozenset({TRACK, "bulk"})

Limits = Mapping[str, Rate | None] | Literal["none"] | None


def windows(track: Rate | None, limits: Limits) -> dict[str, RateWindow]:
    """Open a window for each pool; ValueError names a pool that does not exist."""
    rates: dict[str, Rate | None] = {**POOLS} if limits != "none" else {}
    rates = {**dict.fromkeys(POOLS), **rates, TRACK: track}
    if limits is not None and limits != "none":
        for name in limits.keys() - rates.keys():
            near = get_close_matches(name, rates, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {list(rates)}."
            msg = f"{name!r} is not a rate limit. {hint}"
            raise ValueError(msg)
        rates.update(limits)
    return {
        name: RateWindow() if rate is None else RateWindow(*rate)
        for name, rate in rates.items()
    }


def dialect_of(pool: str, dialect: Dialect) -> Dialect:
    """Say how the answers of a pool tell the reset."""
    return dialect if pool in _DIALECTS else "epoch"


def headers(window: Window, *, now: float, dialect: str) -> dict[str, str]:
    """Tell what is left."""
    reset = window.resets_at if dialect == "epoch" else window.resets_at - now
    return {
        LIMIT: str(window.limit),
        REMAINING: str(window.remaining),
        RESET: str(math.ceil(reset)),
    }


def refusal(
    window: Window, *, now: float, dialect: str
) -> tuple[dict[str, str], float]:
    """Return the headers of a 429, and the seconds they tell the caller to wait."""
    if dialect == "epoch":
        told = headers(window, now=now, dialect=dialect)
        return told, math.ceil(window.resets_at) - now
    seconds = math.ceil(window.resets_at - now)
    return {RETRY_AFTER: str(seconds)}, seconds
