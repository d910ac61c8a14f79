"""Turns what a reader found into a reply: fields, headers of its version, ETag.

The headers that all records of a version share are built once for each version.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC
from typing import NamedTuple

from ..members import cut, cut_list
from ..store.access import AccessKey
from ..store.definition import Version
from ..store.interface import Answer, Reader
from .reply import COMMON, GONE, JSON, NO_RECORD, UNKNOWN, Headers, Place, Reply

RECORD = "/v1/collections/{collection}/records/{index}/{value}"
NOWHERE = Place(RECORD)
"""The place of every request for what is not there or not the key's to see."""

_NO_RECORD, _GONE, _UNKNOWN = NO_RECORD.body, GONE.body, UNKNOWN.body
_UNKNOWN_HEADERS = UNKNOWN.headers


class _Facts(NamedTuple):
    """What all answers of one version of a collection have in common."""

    version: Version
    cache_seconds: int
    built_at: float
    headers: Headers


class Records:
    """Answers records from a reader to a key."""

    def __init__(self, reader: Reader, now: Callable[[], float] = time.time) -> None:
        self._reader = reader
        self._now = now
        self._facts: dict[str, _Facts] = {}
        self._places: dict[tuple[str, str], Place] = {}

    async def reply(
        self, key: AccessKey, asked: tuple[str, str, str], if_none_match: str | None
    ) -> Reply:
        """Answer collection, index and value; raises StoreError.

        What the key may not see is answered as what is not there, to the byte.
        """
        collection, index, value = asked
        if collection not in key.collections:
            return _nothing(key)
        found = await self._reader.find(collection, index, value)
        version = found.version
        if version is None or found.kind == "unknown":
            return _nothing(key)
        place = self._places.get((collection, index))
        if place is None:
            place = Place(RECORD, collection, index)
            self._places[collection, index] = place
        facts = self._facts.get(collection)
        if (
            facts is None
            or (facts.version is not version and facts.version != version)
            or facts.cache_seconds != found.cache_seconds
        ):
            facts = _facts(version, found.cache_seconds)
            self._facts[collection] = facts
        age = int(self._now() - facts.built_at)
        headers = [*facts.headers, ("collection-age", str(max(0, age)))]
        if found.kind == "missing":
            return Reply(404, headers, _NO_RECORD, place, key.id)
        if found.kind == "gone":
            return Reply(410, headers, _GONE, place, key.id)
        body, etag = found.body, found.etag
        fields = key.fields.get(collection)
        if fields is not None:
            body, etag = await self._cut(found, fields, collection, index)
        headers.append(("etag", etag))
        if if_none_match and _matches(if_none_match, etag):
            return Reply(304, headers, b"", place, key.id)
        return Reply(200, headers, body, place, key.id)

    async def _cut(
        self, found: Answer, fields: tuple[str, ...], collection: str, index: str
    ) -> tuple[bytes, str]:
        """The body with these fields alone, and an ETag of its own."""
        held = (await self._reader.held()).get(collection)
        further = held.definition.index(index) if held else None
        cutting = cut_list if further and further.is_list else cut
        body = cutting(found.body.decode(), frozenset(fields)).encode()
        # Of what is seen alone: the record's own would tell that the rest changed.
        return body, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def _nothing(key: AccessKey) -> Reply:
    return Reply(404, [*_UNKNOWN_HEADERS], _UNKNOWN, NOWHERE, key.id)


def _facts(version: Version, cache_seconds: int) -> _Facts:
    kept = f"private, max-age={cache_seconds}" if cache_seconds else "private, no-cache"
    built_at = version.built_at.astimezone(UTC)
    headers = [
        *COMMON,
        ("content-type", JSON),
        ("cache-control", kept),
        # Keys of other fields get other bodies at the same URL.
        ("vary", "Authorization"),
        ("collection-version", str(version.number)),
        ("collection-built-at", f"{built_at:%Y-%m-%dT%H:%M:%SZ}"),
    ]
    return _Facts(version, cache_seconds, built_at.timestamp(), headers)


def _matches(if_none_match: str, etag: str) -> bool:
    """Whether a list of ETags, some perhaps weak, has this one; `*` has any."""
    if if_none_match in {etag, "*"}:
        return True
    known = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
    return etag in known
