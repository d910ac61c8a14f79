"""Finding records in Redis: one script a request, which sees all of one version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import redis_layout as layout
from .answers import Answers
from .definition import Held
from .entries import after, prefix, record_key
from .errors import StoreError
from .interface import UNKNOWN, Answer
from .redis_client import NOTES, STAMPS, connect_reader, naming, shown
from .state import read_state

_LOOKS = 20
"""Pushes that may be committed during one request before it gives up."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A collection as it is shown, ready to be looked into."""

    stamp: bytes
    answers: Answers
    keys: list[str]
    has_overlay: bytes


class RedisReader:
    """Finds records; for one event loop."""

    def __init__(self, url: str) -> None:
        self._url = shown(url)
        self._client = connect_reader(url)
        self._script = self._client.register_script(layout.FIND)
        self._shown: dict[str, Shown] = {}

    async def find(self, collection: str, index: str, value: str) -> Answer:
        """Find by the key or a further index."""
        with naming(self._url):
            for _ in range(_LOOKS):
                known = self._shown.get(collection)
                if known:
                    found = await self._look(known, collection, index, value)
                    if found:
                        return found
                await self._read()
                if collection not in self._shown:
                    return UNKNOWN
        msg = f"{self._url}: collection '{collection}' never stays the same. Try again."
        raise StoreError(msg)

    async def held(self) -> dict[str, Held]:
        """What is held now, by collection."""
        with naming(self._url):
            await self._read()
        return {name: each.answers.state.held for name, each in self._shown.items()}

    async def warm(self) -> None:
        """Redis holds everything in memory: only the connection is made."""
        await self.held()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _read(self) -> None:
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.hgetall(STAMPS)
            pipe.hgetall(NOTES)
            stamps, notes = await pipe.execute()
        known = {each.stamp: each for each in self._shown.values()}
        self._shown = {
            name.decode(): known.get(stamp) or _show(stamp, notes[name])
            for name, stamp in stamps.items()
        }

    async def _look(
        self, known: Shown, collection: str, index: str, value: str
    ) -> Answer | None:
        """What a collection answers; None when it is not as it was known."""
        answers = known.answers
        arguments: list[Any] = [collection, known.stamp, known.has_overlay]
        if index == answers.key:
            arguments += [b"key", record_key(value)]
            found = await self._script(keys=known.keys, args=arguments)
            return found and answers.one(found[0] or None)
        further = answers.indexes.get(index)
        if further is None:
            # Unknown to what is known; a look at the stamp says whether that is old.
            arguments += [b"key", b""]
            found = await self._script(keys=known.keys, args=arguments)
            return found and UNKNOWN
        most = further.most if further.is_list else 1
        begin = prefix(index, value)
        arguments += [b"index", begin, after(begin), most]
        found = await self._script(keys=known.keys, args=arguments)
        if found is None:
            return None
        pairs = sorted(zip(found[::2], found[1::2], strict=True))[:most]
        blobs = [blob for _, blob in pairs if blob]
        if further.is_list:
            return answers.several(blobs)
        return answers.one(blobs[0] if blobs else None)


def _show(stamp: bytes, text: bytes) -> Shown:
    state = read_state(text)
    name = state.definition.collection
    pair, over = layout.slot(name, state.slot), layout.overlay(name)
    return Shown(
        stamp,
        Answers(state),
        [STAMPS, *pair.both, *over.both],
        b"1" if state.over else b"0",
    )
