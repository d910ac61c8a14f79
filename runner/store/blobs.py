"""Records as bytes: a small header, the key, and the payload's text as it was put.

The header is a checksum over all that follows, 64 bits that stand for the row's hash,
the length of the key, and where in the payload the record begins; 0 for a tombstone.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any
from zlib import crc32

from .errors import StoreError

TOMBSTONE = '{"tombstone":true}'

_PLAIN = '{"indexes":[],"record":'
_PLAIN_OFFSET = len(_PLAIN)
_USER = '{"user_key":'
_INDEXES = '"indexes":'
_RECORD = ',"record":'

_CHECKSUM = struct.Struct(">I")
_REST = struct.Struct(">QII")
_HEADER = struct.Struct(">IQII")
_HEADER_SIZE = _HEADER.size
_pack_checksum, _pack_rest = _CHECKSUM.pack, _REST.pack
_unpack = _HEADER.unpack_from
_raw_decode = json.JSONDecoder().raw_decode

Entries = list[list[Any]]
"""`[index, value]` or `[index, value, [order values]]`, as the payload has them."""


def encode(key: bytes, payload: str, row_hash: str) -> tuple[bytes, Entries]:
    """A record as bytes, and its index entries; StoreError for another payload.

    Where a row has no hash, its payload stands for it.
    """
    entries: Entries = []
    if payload.startswith(_PLAIN):
        offset = _PLAIN_OFFSET
    elif payload == TOMBSTONE:
        offset = 0
    else:
        entries, end = _entries(payload)
        offset = len(payload[:end].encode()) + len(_RECORD)
    data = payload.encode()
    rest = _pack_rest(_bits(row_hash or payload), len(key), offset) + key
    return b"".join((_pack_checksum(crc32(data, crc32(rest))), rest, data)), entries


def record(blob: bytes) -> tuple[bytes, int] | None:
    """A record's JSON text and the bits of its hash; None for a tombstone.

    Raises StoreError when the bytes are not those that were put.
    """
    _, bits, length, offset = _checked(blob)
    return (blob[_HEADER_SIZE + length + offset : -1], bits) if offset else None


def row(blob: bytes) -> tuple[str, str]:
    """A record's key and payload as they were put; StoreError when damaged."""
    _, _, length, _ = _checked(blob)
    end = _HEADER_SIZE + length
    return blob[_HEADER_SIZE:end].decode(), blob[end:].decode()


def is_tombstone(blob: bytes) -> bool:
    """Whether the bytes are a tombstone's."""
    offset: int = _unpack(blob)[3]
    return offset == 0


def index_entries(blob: bytes) -> Entries:
    """The index entries that the payload named."""
    _, _, length, offset = _unpack(blob)
    if offset in {0, _PLAIN_OFFSET}:
        return []
    begin = _HEADER_SIZE + length
    return _entries(blob[begin : begin + offset].decode())[0]


def etag(bits: int) -> str:
    """A strong ETag of 64 bits."""
    return f'"{bits:016x}"'


def _checked(blob: bytes) -> tuple[int, int, int, int]:
    """The header of bytes that are as they were put; StoreError for others."""
    if len(blob) >= _HEADER_SIZE:
        header: tuple[int, int, int, int] = _unpack(blob)
        if crc32(memoryview(blob)[4:]) == header[0]:
            return header
    msg = (
        "The store is damaged: a record is not as it was put. Rebuild the store from "
        "nothing (docs/personalization.md)."
    )
    raise StoreError(msg)


def _entries(payload: str) -> tuple[Entries, int]:
    """The list of entries, which a user may precede, and where in the text it ends."""
    begin = 1
    try:
        if payload.startswith(_USER):
            begin = _raw_decode(payload, len(_USER))[1] + 1
        if not payload.startswith(_INDEXES + "[", begin):
            raise _strange(payload)
        found, end = _raw_decode(payload, begin + len(_INDEXES))
    except ValueError:
        raise _strange(payload) from None
    if not payload.startswith(_RECORD, end):
        raise _strange(payload)
    return found, end


def _bits(row_hash: str) -> int:
    try:
        # Snowflake's hashes may be negative.
        return int(row_hash[:16], 16) & 0xFFFF_FFFF_FFFF_FFFF
    except ValueError:
        digest = hashlib.blake2b(row_hash.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big")


def _strange(payload: str) -> StoreError:
    return StoreError(
        f"A record does not begin as one should: {payload[:40]!r}. Build the project "
        "with the dbt package of this runner's version."
    )
