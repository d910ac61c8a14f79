"""The store that many machines share: collections and keys in one Redis or Valkey."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from . import redis_layout as layout
from .blobs import row
from .definition import Definition, Held, Version
from .entries import encoder
from .errors import StoreError, StoreMissing
from .interface import Filling, Reader
from .redis_client import FORMAT_KEY, NOTES, STAMPS, Client, connect, naming, shown
from .redis_erasing import erase, forget_before
from .redis_filling import Changing, Loading
from .redis_lock import Writer, alone
from .redis_overlay import encoded_of, lay, put, scan, work_in
from .redis_reader import RedisReader
from .redis_ring import RedisKeys
from .state import (
    ANY,
    FORMAT,
    After,
    State,
    check_after,
    check_format,
    confirmed,
    read_state,
    rolled_back,
)


class RedisStore:
    """All collections in a Redis, and the keys of their callers."""

    def __init__(self, url: str, *, create: bool) -> None:
        self.url = shown(url)
        self._full_url = url
        self._client: Client = connect(url)
        self.keys = RedisKeys(url)
        with naming(self.url):
            if create:
                self._client.setnx(FORMAT_KEY, FORMAT)
            found = self._client.get(FORMAT_KEY)
        if found is None:
            msg = (
                f"{self.url}: no store is there. Push a collection first, or set "
                "PERSONALIZATION_STORE to where the push writes."
            )
            raise StoreMissing(msg)
        check_format(found, self.url)

    def reader(self) -> Reader:
        """A reader of its own, for one event loop."""
        return RedisReader(self._full_url)

    def held(self) -> dict[str, Held]:
        """What is held now, by collection."""
        with naming(self.url):
            notes = self._client.hgetall(NOTES)
        return {name.decode(): read_state(text).held for name, text in notes.items()}

    @contextmanager
    def fill(
        self,
        definition: Definition,
        *,
        run_id: str,
        built_at: datetime,
        anew: bool,
        after: After = ANY,
    ) -> Iterator[Filling]:
        """Begin a push; unchecked, one of a collection that is not held is anew."""
        name = definition.collection
        with self._alone(name) as (writer, held):
            check_after(held, name, after, anew=anew)
            self._check_policy()
            filling: Loading | Changing
            if held is None or anew:
                filling = Loading(
                    writer, held, definition, run_id=run_id, built_at=built_at
                )
            else:
                filling = Changing(
                    writer, held, definition, run_id=run_id, built_at=built_at
                )
            try:
                yield filling
            finally:
                filling.close()

    def confirm(self, collection: str, *, built_at: datetime) -> None:
        """Say that what is held is as fresh as this."""
        with self._alone(collection) as (writer, held), writer.batch() as pipe:
            layout.write_note(pipe, confirmed(held, collection, built_at))

    def rows(self, collection: str) -> Iterator[tuple[str, str]]:
        """Key and payload of every record and tombstone, as they were put."""
        with self._alone(collection) as (_, held):
            pass
        if held:
            pair = layout.slot(collection, held.slot)
            with naming(self.url):
                for part in scan(self._client, pair.records):
                    yield from map(row, part.values())

    def roll_back(self, collection: str) -> Version:
        """Show the version before again; raises StoreError when none is kept."""
        with self._alone(collection) as (writer, held):
            state = rolled_back(held, collection)
            if held and state.slot == held.slot:
                _stage_undo(writer, state)
                state = replace(state, over=held.definition)
            with writer.batch() as pipe:
                if state.over:
                    lay(pipe, collection)
                elif held:
                    pipe.unlink(*layout.slot(collection, held.slot).both)
                layout.write_note(pipe, state)
            work_in(writer, state)
        return state.version

    def give_up_before(self, collection: str) -> None:
        """Forget the version before for good; no error where none is kept."""
        with self._alone(collection) as (writer, held):
            if held:
                forget_before(writer, held)

    def erase(self, collection: str, keys: Iterable[str]) -> int:
        """Remove records for good, from the version before too."""
        with self._alone(collection) as (writer, held):
            return erase(writer, held, list(keys)) if held else 0

    def drop(self, collection: str) -> None:
        """Forget a collection; one that is not held is no error."""
        with self._alone(collection) as (writer, _), writer.batch() as pipe:
            pipe.hdel(NOTES, collection)
            pipe.hdel(STAMPS, collection)
            pipe.unlink(*layout.all_of(collection))

    def close(self) -> None:
        """Close the connection; readers are closed on their own."""
        self.keys.close()
        self._client.close()

    @contextmanager
    def _alone(self, collection: str) -> Iterator[tuple[Writer, State | None]]:
        """Write while nobody else does, to a collection that nothing lies over."""
        with naming(self.url), alone(self._client, self.url) as writer:
            held = layout.note(self._client, collection)
            yield writer, held and work_in(writer, held)

    def _check_policy(self) -> None:
        """Raise StoreError for a Redis that throws records away when it is full."""
        policy = self._client.info("memory").get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            msg = (
                f"{self.url}: maxmemory-policy is {policy}: Redis would throw records "
                "away when it is full. Set it to noeviction."
            )
            raise StoreError(msg)


def _stage_undo(writer: Writer, state: State) -> None:
    """Stage what the last push replaced as the next overlay."""
    name = state.definition.collection
    staging, encoded = layout.staging(name), encoder(state.definition)
    with writer.batch() as pipe:
        pipe.unlink(*staging.both, layout.staged_undo(name))
    for part in scan(writer.client, layout.undo(name)):
        made = {key: (old, encoded_of(old, key, encoded)) for key, old in part.items()}
        with writer.batch() as pipe:
            put(pipe, staging, made, set())
