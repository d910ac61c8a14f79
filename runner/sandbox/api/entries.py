"""Judges the lists that the identity endpoints take, fifty entries at most.

Pure: must not know profiles, nor what an entry asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeGuard

from ..identity import IDENTIFIED, PRIORITIES, UNIDENTIFIED
from ..objects import is_alias

# Contract sheet 1.5: the usual cap of a list of people.
MAX_ENTRIES = 50

TOO_MANY = "The max number of ids per request was exceeded"
ADDRESSES: Final = ("email", "phone")


def problem(
    items: Any, name: str, is_good: Callable[[Any], bool], *, most: int = MAX_ENTRIES
) -> str | None:
    """Say why a whole list is refused."""
    if not isinstance(items, list) or not items:
        return f"'{name}' must be a non-empty array"
    if len(items) > most:
        return TOO_MANY
    for index, item in enumerate(items):
        if not is_good(item):
            return f"'{name}' at index {index} is not valid"
    return None


def is_text(value: Any) -> TypeGuard[str]:
    """Say whether this is a non-empty string."""
    return isinstance(value, str) and value != ""


def has_texts(entry: Any, *names: str, optional: tuple[str, ...] = ()) -> bool:
    """Say whether an entry holds these texts, perhaps the optional, and no more."""
    return (
        isinstance(entry, dict)
        and {*names} <= entry.keys() <= {*names, *optional}
        and all(is_text(value) for value in entry.values())
    )


def is_whole_alias(value: Any) -> bool:
    """Say whether this is an alias and nothing else."""
    return is_alias(value) and len(value) == 2


def is_address(entry: Any, kind: str, *more: str) -> bool:
    """Say whether an entry names an address and which of several profiles it means."""
    if not isinstance(entry, dict) or entry.keys() != {kind, "prioritization", *more}:
        return False
    order = entry["prioritization"]
    return (
        all(is_text(entry[name]) for name in (kind, *more))
        and isinstance(order, list)
        and bool(order)
        and all(word in PRIORITIES for word in order)
        and not {IDENTIFIED, UNIDENTIFIED} <= {*order}
    )
