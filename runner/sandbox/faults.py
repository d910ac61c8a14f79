"""Decides which requests go wrong, and how, from a seed or a script.

Must not answer requests itself: `endpoints` turns a kind of fault into an answer.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Kind:
    """Whether the request was applied, and what its sender sees."""

    is_applied: bool
    seen: str


KINDS: Final = {
    "429_epoch": Kind(
        is_applied=False, seen="429; x-ratelimit-reset is an epoch second"
    ),
    "429_retry_after": Kind(
        is_applied=False, seen="429 with only x-ratelimit-retry-after: seconds"
    ),
    "500": Kind(is_applied=False, seen="500 with a JSON message"),
    "500_applied": Kind(
        is_applied=True, seen="the same 500, but the objects were queued"
    ),
    "503_html": Kind(is_applied=False, seen="503 with an HTML page, as from a proxy"),
    "lost_answer": Kind(
        is_applied=True, seen="the connection closes without an answer"
    ),
    "truncated_json": Kind(
        is_applied=True, seen="201, but the body ends in the middle"
    ),
    "partial_errors": Kind(
        is_applied=True, seen="201; one to three good objects are in errors[]"
    ),
    "unindexed_errors": Kind(
        is_applied=True, seen="the same, but the entries have no index"
    ),
    "string_errors": Kind(
        is_applied=True, seen="the same, but the entries are plain strings"
    ),
    "no_message": Kind(is_applied=True, seen="201 with the body {}"),
    "202_queued": Kind(
        is_applied=True, seen='202 {"message": "queued"}, as during maintenance'
    ),
    "slow": Kind(is_applied=True, seen="the usual answer, slow_seconds late"),
    "html_200": Kind(
        is_applied=False, seen="200 with an HTML page, as from a captive portal"
    ),
    "redirect": Kind(
        is_applied=False, seen="307 to /sandbox/redirected, where visits are recorded"
    ),
    "413": Kind(
        is_applied=False, seen="413 Request Entity Too Large, whatever the size"
    ),
    "423": Kind(
        is_applied=False, seen="423, as when a cohort is being written already"
    ),
    "lost_items": Kind(
        is_applied=True, seen="202 as usual, but a share of the catalog items is lost"
    ),
}

# Without the two that belong to cohorts and catalogs only.
STORM: Final[dict[str, Any]] = {
    "seed": 7,
    "wait_seconds": 1,
    "rates": {
        "429_epoch": 0.015,
        "429_retry_after": 0.015,
        "500": 0.015,
        "500_applied": 0.01,
        "503_html": 0.01,
        "lost_answer": 0.015,
        "truncated_json": 0.01,
        "partial_errors": 0.005,
        "unindexed_errors": 0.003,
        "string_errors": 0.002,
        "no_message": 0.005,
        "202_queued": 0.003,
        "slow": 0.004,
        "html_200": 0.004,
        "redirect": 0.002,
        "413": 0.002,
    },
}
PRESETS: Final[dict[str, dict[str, Any]]] = {"none": {}, "storm": STORM}

_OPTIONS: Final[dict[str, tuple[type, ...]]] = {
    "seed": (int,),
    "rates": (dict,),
    "script": (list,),
    "poison": (str, list),
    "wait_seconds": (int, float),
    "slow_seconds": (int, float),
    "paths": (list,),
    "lost_share": (int, float),
}
# Reading back is spared unless `paths` names it, so that checks stay reliable.
_SPARED: Final = frozenset({"/users/export/ids"})
_MOST_REFUSED = 3


@dataclass(slots=True)
class Faults:
    """The script as configured, and how far it has come."""

    config: dict[str, Any]
    rates: dict[str, float]
    script: deque[str | None]
    poison: tuple[str, ...]
    wait_seconds: float
    slow_seconds: float
    paths: tuple[str, ...] | None
    lost_share: float
    chance: random.Random = field(repr=False)


def read(config: dict[str, Any] | None) -> Faults:
    """Check a configuration; ValueError names what is wrong and the nearest word."""
    config = {} if config is None else config
    _check_shape(config)
    rates, script = config.get("rates", {}), config.get("script", [])
    _check_words([*rates, *(kind for kind in script if kind)], KINDS, what="fault")
    if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
        msg = "The rates of faults must be positive and sum to 1 at most."
        raise ValueError(msg)
    poison = config.get("poison", [])
    paths = config.get("paths")
    return Faults(
        config=config,
        rates=rates,
        script=deque(script),
        poison=(poison,) if isinstance(poison, str) else tuple(poison),
        wait_seconds=config.get("wait_seconds", 1.0),
        slow_seconds=config.get("slow_seconds", 0.2),
        paths=None if paths is None else tuple(paths),
        lost_share=config.get("lost_share", 0.1),
        chance=random.Random(config.get("seed", 0)),  # noqa: S311 - it must repeat
    )


def draw(faults: Faults, path: str, *, is_read: bool = False) -> str | None:
    """Say what goes wrong with this request: the script first, then the rates."""
    if _is_spared(faults, path, is_read=is_read):
        return None
    if faults.script:
        return faults.script.popleft()
    if not faults.rates:
        return None
    point = faults.chance.random()
    for kind, rate in faults.rates.items():
        if point < rate:
            return kind
        point -= rate
    return None


def _is_spared(faults: Faults, path: str, *, is_read: bool) -> bool:
    if faults.paths is None:
        return is_read or path in _SPARED
    return not any(fnmatchcase(path, pattern) for pattern in faults.paths)


def choose_lost(faults: Faults, count: int) -> list[int]:
    """Choose which of `count` accepted items are never stored, one at least."""
    lost = max(1, round(count * faults.lost_share))
    return sorted(faults.chance.sample(range(count), min(lost, count)))


def choose_refused(faults: Faults, count: int) -> list[int]:
    """Choose which of `count` good objects a partial answer refuses, one at least."""
    most = max(1, min(_MOST_REFUSED, count - 1))
    return sorted(faults.chance.sample(range(count), faults.chance.randint(1, most)))


def is_poisoned(faults: Faults, identifiers: Iterable[str]) -> bool:
    """Say whether one of the identifiers makes the whole request fail."""
    return any(part in name for name in identifiers for part in faults.poison)


def _check_shape(config: Any) -> None:
    if not isinstance(config, dict):
        msg = "Faults are a JSON object."
        raise ValueError(msg)
    _check_words(config, _OPTIONS, what="fault option")
    for name, value in config.items():
        if not isinstance(value, _OPTIONS[name]):
            msg = f"The fault option {name!r} cannot be {value!r}."
            raise ValueError(msg)
    for kind, rate in config.get("rates", {}).items():
        if not isinstance(rate, int | float):
            msg = f"The rate of the fault {kind!r} cannot be {rate!r}."
            raise ValueError(msg)


def _check_words(words: Iterable[str], known: Iterable[str], *, what: str) -> None:
    choices = list(known)
    for word in words:
        if word not in choices:
            near = get_close_matches(str(word), choices, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {choices}."
            msg = f"{word!r} is not a {what}.{hint}"
            raise ValueError(msg)
