"""Rows of a push as what stores keep: bytes of records, and their index entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .blobs import Entries, encode, is_tombstone
from .entries import record_key
from .interface import Row

Encoder = Callable[[Entries, bytes], list[bytes]]

Made = dict[bytes, tuple[bytes, list[bytes]]]
"""The store's key -> a record and its entries; an empty record is one to remove."""


def make(rows: Iterable[Row], encoded: Encoder) -> Made:
    """Make records of rows; of two with one key the later one counts."""
    made: Made = {}
    for key, payload, row_hash in rows:
        stored = record_key(key)
        blob, entries = encode(key.encode(), payload, row_hash)
        made[stored] = blob, encoded(entries, stored) if entries else []
    return made


def count(blobs: Iterable[bytes | None]) -> int:
    """How many records are there, tombstones not counted."""
    return sum(1 for blob in blobs if blob and not is_tombstone(blob))
