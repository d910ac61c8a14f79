"""Erasure in Redis: records leave the slot that is shown and the version before."""

from __future__ import annotations

from typing import Any

from . import redis_layout as layout
from .definition import Definition
from .entries import encoder, record_key
from .making import count
from .redis_layout import Pair
from .redis_lock import Writer
from .redis_overlay import BATCH, entries_of
from .state import State, fewer, without_before

Blobs = list[bytes | None]


def forget_before(writer: Writer, state: State) -> None:
    """Remove what could bring it back, and what a killed push may have left."""
    name = state.definition.collection
    with writer.batch() as pipe:
        layout.write_note(pipe, without_before(state))
        pipe.unlink(
            *layout.slot(name, state.other_slot).both,
            *layout.staging(name).both,
            layout.undo(name),
            layout.staged_undo(name),
        )


def erase(writer: Writer, state: State, keys: list[str]) -> int:
    """Remove records from both versions; returns how many were in either."""
    name, found = state.definition.collection, 0
    left = [*layout.staging(name).both, layout.staged_undo(name)]
    if state.before is None or state.before.kept != "slot":
        left += layout.slot(name, state.other_slot).both
    with writer.batch() as pipe:
        # What a push that was killed may have left there.
        pipe.unlink(*left)
    for first in range(0, len(keys), BATCH):
        # A key that is named twice is one record.
        stored = list(dict.fromkeys(map(record_key, keys[first : first + BATCH])))
        state, erased = _erase(writer, state, stored)
        found += erased
    return found


def _erase(writer: Writer, state: State, stored: list[bytes]) -> tuple[State, int]:
    name = state.definition.collection
    client, before = writer.client, state.before
    pair = layout.slot(name, state.slot)
    other, undo = layout.slot(name, state.other_slot), layout.undo(name)
    now: Blobs = client.hmget(pair.records, stored)
    noted: Blobs = client.hmget(undo, stored)
    then = now
    if before and before.kept == "slot":
        then = client.hmget(other.records, stored)
    elif before:
        then = [
            was if was is not None else is_now
            for was, is_now in zip(noted, now, strict=True)
        ]
    state = fewer(state, shown=count(now), before=count(then))
    with writer.batch() as pipe:
        _remove(pipe, pair, stored, now, state.definition)
        if before and before.kept == "slot":
            _remove(pipe, other, stored, then, before.definition)
        # What the version before had is forgotten; that it was changed is not.
        changed = [
            key for key, was in zip(stored, noted, strict=True) if was is not None
        ]
        if changed:
            pipe.hset(undo, mapping=dict.fromkeys(changed, b""))
        layout.write_note(pipe, state)
    return state, sum(1 for pair in zip(now, then, strict=True) if any(pair))


def _remove(
    pipe: Any, pair: Pair, stored: list[bytes], old: Blobs, definition: Definition
) -> None:
    pipe.hdel(pair.records, *stored)
    if gone := entries_of(stored, old, encoder(definition)):
        pipe.zrem(pair.entries, *gone)
