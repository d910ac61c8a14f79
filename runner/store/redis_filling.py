"""Pushes into Redis: a slot loaded beside the other, or changes laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from redis.exceptions import RedisError

from . import redis_layout as layout
from .definition import Definition, Version
from .entries import encoder, record_key
from .errors import StoreError
from .interface import Row
from .making import Made, count, make
from .redis_lock import Writer
from .redis_overlay import BATCH, entries_of, lay, put, work_in
from .state import State, next_state, without_before

T = TypeVar("T")


class Loading:
    """Loads the slot that is not shown."""

    def __init__(
        self,
        writer: Writer,
        held: State | None,
        definition: Definition,
        *,
        run_id: str,
        built_at: datetime,
    ) -> None:
        name = definition.collection
        self._writer = writer
        self._held = held
        self._definition = definition
        self._run_id = run_id
        self._built_at = built_at
        self._slot = held.other_slot if held else "a"
        self._pair = layout.slot(name, self._slot)
        self._encoded = encoder(definition)
        self._count = 0
        self._last = b""
        self._is_committed = False
        with writer.batch() as pipe:
            pipe.unlink(*self._pair.both, layout.undo(name))
            if held and held.before:
                layout.write_note(pipe, without_before(held))

    def put(self, rows: Sequence[Row]) -> None:
        """Put records and tombstones."""
        for part in _batches(rows):
            made = make(part, self._encoded)
            keys = list(made)
            # Keys beyond the last one are new: nothing has to be looked up.
            is_new = self._last < keys[0] and keys == sorted(keys)
            self._last = max(self._last, *keys)
            old = [] if is_new else self._writer.client.hmget(self._pair.records, keys)
            self._count += count(blob for blob, _ in made.values()) - count(old)
            with self._writer.batch() as pipe:
                put(pipe, self._pair, made, entries_of(keys, old, self._encoded))

    def remove(self, keys: Sequence[str]) -> None:
        """Forget records of this very load."""
        for part in _batches(keys):
            stored = list(dict.fromkeys(map(record_key, part)))
            old = self._writer.client.hmget(self._pair.records, stored)
            self._count -= count(old)
            with self._writer.batch() as pipe:
                pipe.hdel(self._pair.records, *stored)
                if gone := entries_of(stored, old, self._encoded):
                    pipe.zrem(self._pair.entries, *gone)

    def commit(self) -> Version:
        """Show the slot in place of the other one."""
        self._writer.hurry()
        state = next_state(
            self._held,
            self._definition,
            run_id=self._run_id,
            built_at=self._built_at,
            records=self._count,
            slot=self._slot,
        )
        with self._writer.batch() as pipe:
            layout.write_note(pipe, state)
        self._is_committed = True
        return state.version

    def close(self) -> None:
        """Give back what is not committed."""
        if not self._is_committed and not self._may_be_shown():
            self._writer.give_back(*self._pair.both)

    def _may_be_shown(self) -> bool:
        """Whether a commit may have been done whose answer was lost."""
        with suppress(RedisError, StoreError):
            state = layout.note(self._writer.client, self._definition.collection)
            return state is not None and state.slot == self._slot
        return True


class Changing:
    """Stages changes, shows them with one script, then works them into the slot."""

    def __init__(
        self,
        writer: Writer,
        held: State,
        definition: Definition,
        *,
        run_id: str,
        built_at: datetime,
    ) -> None:
        name = definition.collection
        self._writer = writer
        self._held = held
        self._definition = definition
        self._run_id = run_id
        self._built_at = built_at
        self._slot = layout.slot(name, held.slot)
        self._staging = layout.staging(name)
        self._undo = layout.staged_undo(name)
        self._encoded = encoder(definition)
        self._count = held.version.records
        with writer.batch() as pipe:
            pipe.unlink(*self._staging.both, self._undo)

    def put(self, rows: Sequence[Row]) -> None:
        """Put records and tombstones in place of what is there."""
        for part in _batches(rows):
            self._stage(make(part, self._encoded))

    def remove(self, keys: Sequence[str]) -> None:
        """Forget records."""
        for part in _batches(keys):
            self._stage({record_key(key): (b"", []) for key in part})

    def commit(self) -> Version:
        """Show the changes at once."""
        self._writer.hurry()
        name = self._definition.collection
        state = next_state(
            self._held,
            self._definition,
            run_id=self._run_id,
            built_at=self._built_at,
            records=self._count,
            slot=self._held.slot,
        )
        state = replace(state, over=self._held.definition)
        with self._writer.batch() as pipe:
            lay(pipe, name)
            pipe.unlink(*layout.slot(name, self._held.other_slot).both)
            layout.write_note(pipe, state)
        work_in(self._writer, state)
        return state.version

    def close(self) -> None:
        """Give back what is not committed."""
        self._writer.give_back(*self._staging.both, self._undo)

    def _stage(self, made: Made) -> None:
        """Stage records, and for the first time each what they replace."""
        client = self._writer.client
        keys = list(made)
        staged = client.hmget(self._staging.records, keys)
        first = [key for key, blob in zip(keys, staged, strict=True) if blob is None]
        old = client.hmget(self._slot.records, first) if first else []
        self._count += count(blob for blob, _ in made.values())
        self._count -= count(staged) + count(old)
        with self._writer.batch() as pipe:
            put(pipe, self._staging, made, entries_of(keys, staged, self._encoded))
            if first:
                was = zip(first, old, strict=True)
                undone = {key: blob or b"" for key, blob in was}
                pipe.hset(self._undo, mapping=undone)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), BATCH):
        yield items[first : first + BATCH]
