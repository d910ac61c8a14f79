"""What a collection answers, from the bytes of the records that were found."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from zlib import crc32

from .blobs import etag, record
from .definition import Index
from .interface import Answer
from .state import State

MOST_BYTES = 1_000_000
"""Bytes of a list's answer: Braze caches no answer over 1 MB."""

_LIST = b'{"records":['
_END = b"]}"


class Answers:
    """The answers of one collection at one version; made once for each."""

    def __init__(self, state: State) -> None:
        definition = state.definition
        self.state = state
        self.key = definition.key
        self.indexes: dict[str, Index] = {
            index.name: index for index in definition.indexes
        }
        self._version = state.version
        self._cache_seconds = definition.cache_seconds
        self.gone = Answer("gone", b"", "", self._version, self._cache_seconds)
        self.miss = Answer("missing", b"", "", self._version, self._cache_seconds)
        if definition.missing is not None:
            body = definition.missing.encode()
            tag = etag(crc32(body))
            self.miss = Answer("default", body, tag, self._version, self._cache_seconds)

    def one(self, blob: bytes | None) -> Answer:
        """The answer of a record's bytes; raises StoreError when they are damaged."""
        if blob is None:
            return self.miss
        found = record(blob)
        if found is None:
            return self.gone
        body, bits = found
        return Answer(
            "record", body, f'"{bits:016x}"', self._version, self._cache_seconds
        )

    def several(self, blobs: Iterable[bytes]) -> Answer:
        """The answer of a list: as many whole records as a megabyte holds."""
        digest = blake2b(digest_size=8)
        bodies = []
        size = len(_LIST) + len(_END)
        for blob in blobs:
            found = record(blob)
            if found is None:
                continue
            size += len(found[0]) + 1
            if size > MOST_BYTES:
                break
            bodies.append(found[0])
            digest.update(found[1].to_bytes(8, "big"))
        tag = etag(int.from_bytes(digest.digest(), "big"))
        body = _LIST + b",".join(bodies) + _END
        return Answer("record", body, tag, self._version, self._cache_seconds)
