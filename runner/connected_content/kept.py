"""The cache of answers: keyed by the URL alone, so whoever asks gets the same."""

from __future__ import annotations

from dataclasses import dataclass

from .wire import Request
from .written import WrongTag

DEFAULT_SECONDS = 300
LEAST_SECONDS = 300
MOST_SECONDS = 14_400


@dataclass(frozen=True, slots=True)
class _Entry:
    body: bytes
    status: int
    until: float


class Kept:
    """Answers of one workspace. Only good ones are kept.

    The key that opened an answer is not part of where it is kept: two credentials that
    see different fields must not ask for the same URL. A POST's body is part of it;
    Braze does not say so, but could not work otherwise.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, bytes | None], _Entry] = {}

    def find(self, request: Request, now: float) -> tuple[int, bytes] | None:
        """The status and body that are kept for a request; None where none are."""
        entry = self._entries.get((request.url, request.body))
        if entry is None or now >= entry.until:
            return None
        return entry.status, entry.body

    def keep(self, request: Request, status: int, body: bytes, *, until: float) -> None:
        """Keep an answer until a moment of the clock."""
        self._entries[request.url, request.body] = _Entry(body, status, until)


def seconds_kept(method: str, asked: str | None, *, no_cache: bool) -> int:
    """For how long an answer is kept; 0 for not at all.

    `asked` is what stands after `:cache_max_age`; raises WrongTag.
    """
    if asked is not None and not asked.isdecimal():
        msg = f"':cache_max_age' needs whole seconds, not '{asked}'."
        raise WrongTag(msg)
    if no_cache or (method == "POST" and asked is None):
        return 0
    wanted = DEFAULT_SECONDS if asked is None else int(asked)
    return min(max(wanted, LEAST_SECONDS), MOST_SECONDS)
