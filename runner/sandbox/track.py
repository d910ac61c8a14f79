"""Judges the body of a /users/track request: what is refused, and what is queued.

Pure: must not know profiles, faults or HTTP, only the rules of one request.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .objects import Terms, refusal, user_of

ARRAYS: Final = ("attributes", "events", "purchases")

TOO_MANY = "Max Input Length Exceeded"
NOTHING_VALID = (
    "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
)

# Contract sheet 2.11 (users/track/bulk reference, read 2026-09-02).
BULK_OBJECTS = 1_000
BULK_OBJECTS_PER_USER = 100
BULK_BYTES = 2 * 2**20

ANY: Final = Terms()

Limit = int | tuple[Literal["each"], int]


@dataclass(frozen=True, slots=True)
class Queued:
    """One object Braze would queue, and its place in the request."""

    array: str
    index: int
    sent: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a request; `fatal` means that nothing of it is applied."""

    queued: list[Queued] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    fatal: str | None = None


def judge(
    body: Any, *, limit: Limit, per_user: int | None = None, terms: Terms = ANY
) -> Verdict:
    """Apply the rules that need nothing but the request itself."""
    if not isinstance(body, dict):
        return Verdict(fatal=NOTHING_VALID)
    arrays = {name: body.get(name) or [] for name in ARRAYS}
    if not all(isinstance(items, list) for items in arrays.values()):
        return Verdict(fatal=NOTHING_VALID)
    if _is_over(limit, [len(items) for items in arrays.values()]):
        return Verdict(fatal=TOO_MANY)
    if per_user is not None and _most_of_one_user(arrays) > per_user:
        return Verdict(fatal=TOO_MANY)
    queued: list[Queued] = []
    errors: list[dict[str, Any]] = []
    for array, items in arrays.items():
        for index, sent in enumerate(items):
            if (reason := refusal(array, sent, terms)) is None:
                queued.append(Queued(array, index, sent))
            else:
                errors.append(refused(reason, array=array, index=index))
    fatal = None if queued else NOTHING_VALID
    return Verdict(queued, errors, fatal)


def count_objects(body: Any) -> int:
    """Count the objects a body holds, whether or not they are any good."""
    arrays = [body.get(name) for name in ARRAYS] if isinstance(body, dict) else []
    return sum(len(items) for items in arrays if isinstance(items, list))


def refused(reason: str, *, array: str, index: int) -> dict[str, Any]:
    """Build one entry of `errors[]`."""
    return {"type": reason, "input_array": array, "index": index}


def accepted(queued: list[Queued], errors: list[dict[str, Any]]) -> dict[str, Any]:
    """Build the body of the 201: its counters count what was queued."""
    answer: dict[str, Any] = {"message": "success"}
    for array in ARRAYS:
        if count := sum(1 for item in queued if item.array == array):
            answer[f"{array}_processed"] = count
    if errors:
        answer["errors"] = errors
    return answer


def _is_over(limit: Limit, lengths: list[int]) -> bool:
    if isinstance(limit, tuple):
        return max(lengths) > limit[1]
    return sum(lengths) > limit


def _most_of_one_user(arrays: dict[str, list[Any]]) -> int:
    counts = Counter(user_of(sent) for items in arrays.values() for sent in items)
    return max((count for user, count in counts.items() if user), default=0)
