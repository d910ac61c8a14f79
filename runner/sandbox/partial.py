"""Refuses a part of a good request, as a fault says, and forms its `errors[]`.

Must not decide what else is wrong with a request.
"""

from __future__ import annotations

from typing import Any, Final

from . import faults
from .meters import Received
from .state import State

REFUSING: Final = frozenset({"partial_errors", "unindexed_errors", "string_errors"})
REFUSED = "provided external_id is blacklisted and disallowed"


def chosen(state: State, received: Received, count: int) -> frozenset[int]:
    """Choose which of `count` good entries are refused; the lock must be held."""
    if received.fault not in REFUSING or not count:
        return frozenset()
    return frozenset(faults.choose_refused(state.faults, count))


def errors(refused: frozenset[int], *, array: str, fault: str | None) -> list[Any]:
    """Form the entries about these refused ones of an array."""
    entries = [
        {"type": REFUSED, "input_array": array, "index": index}
        for index in sorted(refused)
    ]
    return told(entries, fault)


def told(entries: list[dict[str, Any]], fault: str | None) -> list[Any]:
    """Leave out of the entries what a fault leaves out."""
    if fault == "string_errors":
        return [entry["type"] for entry in entries]
    if fault == "unindexed_errors":
        return [{"type": entry["type"]} for entry in entries]
    return entries
