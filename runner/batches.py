"""Cuts rows into the batches of one request each, and batches into chains.

Pure. Payloads are text from SQL and are never parsed or changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .operations import Credentials, Operation
from .settings import Limits

_SEPARATOR = ",\n"
_PARTNER_ENVELOPE = 4_096
"""Bytes around the rows of a body with a partner's keys in it, at most."""
_LONGEST_CHAIN = 64
"""Batches of one user or cohort that are in memory at once."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request: their outbox numbers and their payloads, in order."""

    seqs: tuple[int, ...]
    payloads: tuple[str, ...]
    scope: str = ""
    """The catalog or cohort that the request is about."""

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches of the same rows, for finding the one that spoils the request."""
        middle = len(self.seqs) // 2
        return self.part(range(middle)), self.part(range(middle, len(self.seqs)))

    def part(self, positions: Sequence[int]) -> Batch:
        """The batch of some of the rows."""
        return Batch(
            tuple(self.seqs[at] for at in positions),
            tuple(self.payloads[at] for at in positions),
            self.scope,
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """Batches that follow one another: a user is never in flight twice."""

    batches: tuple[Batch, ...]
    follows: bool = False
    """It begins with the user that the chain before it ended with."""


def room(operation: Operation, limits: Limits) -> int:
    """Bytes that the rows of one request may have, together."""
    most: int = getattr(limits, operation.bytes)
    if operation.is_partner:
        return most - _PARTNER_ENVELOPE
    return most - len(operation.call("", Credentials()).body(()))


class Cutter:
    """Takes rows in the order of the outbox and returns chains as they are complete.

    A lane key says whose row it is: one user's rows stay in one request where they
    fit, and in one chain where they do not. Rows without one are free.
    """

    def __init__(self, operation: Operation, limits: Limits) -> None:
        self._most: int = getattr(limits, operation.most)
        self._room = room(operation, limits)
        self._most_of_a_user = (
            getattr(limits, operation.most_of_a_user)
            if operation.most_of_a_user
            else self._most
        )
        self._seqs: list[int] = []
        self._payloads: list[str] = []
        self._sizes: list[int] = []
        self._size = 0
        self._scope = ""
        self._lane: str | None = None
        self._lane_start = 0
        self._chain: list[Batch] = []
        self._whole: list[Chain] = []
        self._follows = False

    def feed(
        self, rows: Iterable[tuple[int, str, str | None, str | None]]
    ) -> list[Chain]:
        """Add (number, payload, lane key, scope) rows; return chains that are whole."""
        for seq, payload, lane, scope in rows:
            # Text knows whether it is ASCII: most rows need not be encoded.
            size = len(payload) if payload.isascii() else len(payload.encode())
            self._add(seq, payload, size, lane, scope or "")
        return self._take()

    def measure(
        self, rows: Iterable[tuple[int, str | None, str | None]]
    ) -> list[Chain]:
        """The same of (bytes, lane key, scope) rows, whose payloads nobody needs."""
        for size, lane, scope in rows:
            self._add(0, "", size, lane, scope or "")
        return self._take()

    def finish(self) -> list[Chain]:
        """Return what is left."""
        if self._seqs:
            self._close(None, "")
        return self._take()

    def _take(self) -> list[Chain]:
        chains, self._whole = self._whole, []
        return chains

    def _add(
        self, seq: int, payload: str, size: int, lane: str | None, scope: str
    ) -> None:
        length = size + len(_SEPARATOR)
        while self._seqs and self._is_full(length, lane, scope):
            self._close(lane, scope)
        if not self._seqs or lane != self._lane:
            self._lane, self._lane_start = lane, len(self._seqs)
        self._scope = scope
        self._seqs.append(seq)
        self._payloads.append(payload)
        self._sizes.append(length)
        self._size += length

    def _is_full(self, length: int, lane: str | None, scope: str) -> bool:
        return (
            len(self._seqs) >= self._most
            or self._size + length > self._room
            or scope != self._scope
            or (
                lane is not None
                and lane == self._lane
                and len(self._seqs) - self._lane_start >= self._most_of_a_user
            )
        )

    def _close(self, lane: str | None, scope: str) -> None:
        """End the batch before the next row, which is of this lane and scope."""
        goes_on = lane is not None and (lane, scope) == (self._lane, self._scope)
        # A user who began within this batch moves to the next one whole.
        end = self._lane_start if goes_on and self._lane_start else len(self._seqs)
        kept = slice(end, None)
        self._chain.append(
            Batch(tuple(self._seqs[:end]), tuple(self._payloads[:end]), self._scope)
        )
        links = goes_on and end == len(self._seqs)
        self._seqs, self._payloads = self._seqs[kept], self._payloads[kept]
        self._sizes = self._sizes[kept]
        self._size, self._lane_start = sum(self._sizes), 0
        if not links or len(self._chain) >= _LONGEST_CHAIN:
            self._whole.append(Chain(tuple(self._chain), self._follows))
            self._chain, self._follows = [], links


def count_requests(
    rows: Iterable[Sequence[tuple[int, str | None, str | None]]],
    operation: Operation,
    limits: Limits,
) -> int:
    """How many requests (bytes, lane key, scope) rows take; cuts as a push does.

    The rows come many at a time, so that no more than those are in memory.
    """
    cutter = Cutter(operation, limits)
    found = [len(chain.batches) for many in rows for chain in cutter.measure(many)]
    return sum(found) + sum(len(chain.batches) for chain in cutter.finish())
