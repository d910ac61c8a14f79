"""Changes that lie over a slot in Redis, and how they are worked into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from . import redis_layout as layout
from .blobs import index_entries
from .entries import encoder
from .making import Encoder, Made
from .redis_client import Client
from .redis_layout import Pair
from .redis_lock import Writer
from .state import State

BATCH = 1_000
"""Records of one transaction: Redis answers nobody else meanwhile."""


def scan(client: Client, records: str) -> Iterator[dict[bytes, bytes]]:
    """A hash in parts; nobody may change it meanwhile."""
    cursor = 0
    while True:
        cursor, part = client.hscan(records, cursor, count=BATCH)
        if part:
            yield part
        if not cursor:
            return


def entries_of(
    keys: Iterable[bytes], blobs: Iterable[bytes | None], encoded: Encoder
) -> set[bytes]:
    """The entries that lead to records, those of them that are there."""
    return {
        entry
        for key, blob in zip(keys, blobs, strict=False)
        if blob
        for entry in encoded(index_entries(blob), key)
    }


def put(pipe: Any, pair: Pair, made: Made, old: set[bytes]) -> None:
    """Put records and their entries in place of what led there before."""
    new = {entry for _, entries in made.values() for entry in entries}
    if gone := old - new:
        pipe.zrem(pair.entries, *gone)
    pipe.hset(pair.records, mapping={key: blob for key, (blob, _) in made.items()})
    if new:
        pipe.zadd(pair.entries, dict.fromkeys(new, 0))


def lay(pipe: Any, collection: str) -> None:
    """Make what is staged the overlay, and note what it replaced."""
    staged, over = layout.staging(collection), layout.overlay(collection)
    layout.move(pipe, staged.records, over.records)
    layout.move(pipe, staged.entries, over.entries)
    layout.move(pipe, layout.staged_undo(collection), layout.undo(collection))


def work_in(writer: Writer, state: State) -> State:
    """Work the overlay into its slot; a second time where the first was cut off."""
    if state.over is None:
        return state
    collection = state.definition.collection
    over, pair = layout.overlay(collection), layout.slot(collection, state.slot)
    was, encoded = encoder(state.over), encoder(state.definition)
    for part in scan(writer.client, over.records):
        _work_in(writer, part, pair, was, encoded)
    state = replace(state, over=None)
    with writer.batch() as pipe:
        layout.write_note(pipe, state)
        pipe.unlink(*over.both)
    return state


def _work_in(
    writer: Writer, part: dict[bytes, bytes], pair: Pair, was: Encoder, encoded: Encoder
) -> None:
    under = writer.client.hmget(pair.records, list(part))
    # Those that are the same were worked in before, and their entries are new ones.
    keys, old = _unlike(part, under)
    made = {key: (part[key], encoded_of(part[key], key, encoded)) for key in keys}
    kept = {key: each for key, each in made.items() if each[0]}
    removed = [key for key in made if key not in kept]
    gone = entries_of(keys, old, was)
    with writer.batch() as pipe:
        if kept:
            put(pipe, pair, kept, gone)
        elif gone:
            pipe.zrem(pair.entries, *gone)
        if removed:
            pipe.hdel(pair.records, *removed)


def encoded_of(blob: bytes, key: bytes, encoded: Encoder) -> list[bytes]:
    """The entries of one record; none of one that is to be removed."""
    return encoded(index_entries(blob), key) if blob else []


def _unlike(
    part: dict[bytes, bytes], under: Sequence[bytes | None]
) -> tuple[list[bytes], list[bytes | None]]:
    """Keys whose record is not yet what the overlay says, and what it is."""
    pairs = [
        (key, old)
        for (key, blob), old in zip(part.items(), under, strict=True)
        if blob != (old or b"")
    ]
    return [key for key, _ in pairs], [old for _, old in pairs]
