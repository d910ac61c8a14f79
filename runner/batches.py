"""Cuts rows into the batches of one request each, and joins their payloads to bodies.

Pure. Payloads are text from SQL and are never parsed or changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .settings import Limits

_OPEN = '{"attributes":[\n'
_SEPARATOR = ",\n"
_CLOSE = "\n]}"


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request: their outbox numbers and their payloads, in order."""

    seqs: tuple[int, ...]
    payloads: tuple[str, ...]

    def body(self) -> bytes:
        """The request body, one object a line."""
        return (_OPEN + _SEPARATOR.join(self.payloads) + _CLOSE).encode()

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches of the same rows, for finding the one that spoils the request."""
        middle = len(self.seqs) // 2
        return (
            Batch(self.seqs[:middle], self.payloads[:middle]),
            Batch(self.seqs[middle:], self.payloads[middle:]),
        )


def largest_payload(limits: Limits) -> int:
    """Bytes that one payload may have, alone in a request."""
    return limits.bytes_per_request - len(_OPEN) - len(_CLOSE)


def cut(rows: Iterable[tuple[int, str]], limits: Limits) -> Iterator[Batch]:
    """Yield batches of at most the limit's objects and bytes, rows in their order."""
    seqs: list[int] = []
    payloads: list[str] = []
    room = largest_payload(limits)
    size = 0
    for seq, payload in rows:
        # Text knows whether it is ASCII: most rows need not be encoded to be measured.
        size_of_row = len(payload) if payload.isascii() else len(payload.encode())
        length = size_of_row + len(_SEPARATOR)
        full = len(seqs) == limits.objects_per_request or size + length > room
        if seqs and full:
            yield Batch(tuple(seqs), tuple(payloads))
            seqs, payloads, size = [], [], 0
        seqs.append(seq)
        payloads.append(payload)
        size += length
    if seqs:
        yield Batch(tuple(seqs), tuple(payloads))


def count_requests(sizes: Iterable[int], limits: Limits) -> int:
    """How many requests rows of these sizes in bytes take; mirrors `cut`."""
    room = largest_payload(limits)
    requests = objects = size = 0
    for each in sizes:
        length = each + len(_SEPARATOR)
        full = objects == limits.objects_per_request or size + length > room
        if full or not requests:
            requests, objects, size = requests + 1, 0, 0
        objects += 1
        size += length
    return requests
