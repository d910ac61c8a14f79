"""The Avro container: header, blocks, codecs; and how much of each is believed.

Nothing here trusts a length that the file states. What a reader of untrusted Avro must
refuse stands in one place: the limits below, each a constant with its reason.
"""

from __future__ import annotations

import importlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
HEADER_BYTES = 1 << 20
"""The schema of the largest Currents event takes 12 KB."""
BLOCK_BYTES = 64 << 20
"""Of one block, before and after decompression; Braze's blocks are a few MB at most."""
FILE_BYTES = 512 << 20
DECODED_BYTES = 1 << 30
"""Of one whole file: deflate makes a thousand bytes of one."""

TOO_LARGE = f"it is larger than {FILE_BYTES >> 20} MiB"

_LONG_BYTES = 10
_CUT = "it ends in the middle: still being written, or cut off"
_DAMAGED = "a block cannot be decompressed: the file is damaged"


class Refused(Exception):
    """The file can never be read as it is: its message says why."""


class Partial(Exception):
    """The file cannot be read yet: its message says why; the next load tries again."""


class Unreadable(Exception):
    """The place does not give the file out: its message says why; as with Partial."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the first block."""

    schema: Any
    """The parsed JSON of the writer's schema, not looked at yet."""
    codec: str
    sync: bytes


def read_header(file: BinaryIO) -> Header:
    """Read the header, or raise Refused or Partial."""
    magic = file.read(len(MAGIC))
    if not MAGIC.startswith(magic):
        msg = "this is no Avro file"
        raise Refused(msg)
    if magic != MAGIC:
        raise Partial(_CUT)
    entries = _metadata(file)
    sync = _exactly(file, SYNC_BYTES)
    try:
        schema = json.loads(entries["avro.schema"])
    except KeyError:
        msg = "the header holds no schema"
        raise Refused(msg) from None
    except (ValueError, RecursionError):
        msg = "the schema in the header is no JSON, or nested too deep"
        raise Refused(msg) from None
    codec = entries.get("avro.codec", b"null").decode("ascii", "replace")
    return Header(schema, codec, sync)


def _metadata(file: BinaryIO) -> dict[str, bytes]:
    """The header's map: blocks of keys and values, a negative count has a size."""
    entries: dict[str, bytes] = {}
    left = HEADER_BYTES
    while count := _long(file):
        if count < 0:
            count = -count
            _long(file)
        for _ in range(count):
            key, value = (_sized(file, left) for _ in range(2))
            # An empty pair, too, counts: else two bytes would spin for ever.
            left -= len(key) + len(value) + 2
            entries[key.decode("utf-8", "replace")] = value
    return entries


def _sized(file: BinaryIO, left: int) -> bytes:
    size = _long(file)
    if not 0 <= size <= left:
        msg = f"the header is larger than {HEADER_BYTES >> 20} MiB, or damaged"
        raise Refused(msg)
    return _exactly(file, size)


def blocks(file: BinaryIO, header: Header) -> Iterator[tuple[int, bytes]]:
    """Yield each block's number of records and its decompressed bytes."""
    decompress = _codec(header.codec)
    total = 0
    while first := file.read(1):
        count, size = _long(file, first), _long(file)
        if count < 0 or not 0 <= size <= BLOCK_BYTES:
            msg = f"a block claims {count:,} records in {size:,} bytes"
            raise Refused(msg)
        stored = _exactly(file, size)
        if _exactly(file, SYNC_BYTES) != header.sync:
            msg = "a block does not end where it says: the file is damaged"
            raise Refused(msg)
        data = decompress(stored)
        total += len(data)
        if total > DECODED_BYTES:
            msg = f"it decompresses to more than {DECODED_BYTES >> 20} MiB"
            raise Refused(msg)
        # Every record holds an id, and so takes a byte at least.
        if count > len(data):
            msg = f"a block claims {count:,} records in {len(data):,} bytes"
            raise Refused(msg)
        yield count, data


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise Partial(_CUT)
    return found


def _long(file: BinaryIO, first: bytes = b"") -> int:
    """A zigzag number of the file's own structure."""
    number = 0
    for place in range(_LONG_BYTES):
        byte = (first if first and not place else _exactly(file, 1))[0]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1)
    msg = "a number has more than ten bytes: the file is damaged"
    raise Refused(msg)


def _codec(name: str) -> Callable[[bytes], bytes]:
    """The function that decompresses a block, never to more than BLOCK_BYTES."""
    if name not in _CODECS:
        msg = f"codec '{name[:20]}' is not one of {', '.join(_CODECS)}"
        raise Refused(msg)
    return _CODECS[name]


def _stored(data: bytes) -> bytes:
    return data


def _inflate(data: bytes) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(data, BLOCK_BYTES + 1)
    except zlib.error:
        raise Refused(_DAMAGED) from None
    _check_size(len(found))
    if not stream.eof:
        raise Refused(_DAMAGED)
    return found


def _unsnap(data: bytes) -> bytes:
    """Snappy's raw form, and four bytes of CRC-32 of what it decompresses to."""
    try:
        snappy: Any = importlib.import_module("cramjam").snappy
    except ImportError:
        msg = "it is compressed with snappy. Run: pip install cramjam"
        raise Partial(msg) from None
    try:
        _check_size(snappy.decompress_raw_len(data[:-4]))
        found = bytes(snappy.decompress_raw(data[:-4]))
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - an extension's own error, whatever its class
        raise Refused(_DAMAGED) from None
    if zlib.crc32(found).to_bytes(4, "big") != data[-4:]:
        raise Refused(_DAMAGED)
    return found


def _check_size(size: int) -> None:
    if size > BLOCK_BYTES:
        msg = f"a block decompresses to more than {BLOCK_BYTES >> 20} MiB"
        raise Refused(msg)


_CODECS = {"null": _stored, "deflate": _inflate, "snappy": _unsnap}
