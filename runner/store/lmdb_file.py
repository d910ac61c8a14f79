"""The file of an LMDB environment, looked at before LMDB does.

LMDB maps its file into memory: a file that was cut off would kill the process with
SIGBUS, so its length is compared with what its own first pages say.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

from .errors import StoreError

DATA = "data.mdb"

# Linux, 64 bits; lmdb.h's MDB_meta after a page's header of 16 bytes: magic, version,
# address, map size, two trees of 48 bytes (the first begins with the size of a page),
# the last page, the transaction.
_META = struct.Struct("<16xII16xI92xQQ")
_MAGIC = 0xBEEFC0DE
_LOOKS, _PAUSE = 10, 0.02


def identity(folder: Path) -> tuple[int, int] | None:
    """Device and number of a store's file: one that was made again is another."""
    try:
        found = (folder / DATA).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def check_length(folder: Path) -> None:
    """Raise StoreError when the file is no LMDB file, or shorter than it says."""
    for look in range(_LOOKS):
        length, said = _lengths(folder / DATA)
        if said <= length:
            return
        # A writer may be about to lengthen it.
        time.sleep(_PAUSE if look + 1 < _LOOKS else 0)
    msg = (
        f"{folder}: the store is damaged: {length:,} bytes of {said:,} are there. "
        "Rebuild the store from nothing (docs/personalization.md)."
    )
    raise StoreError(msg)


def _lengths(data: Path) -> tuple[int, int]:
    """How long a file is, and how long its last whole transaction says it is."""
    try:
        length = data.stat().st_size
        with data.open("rb") as file:
            first = file.read(_META.size)
            if not first:
                return 0, 0
            one = _meta(first, data)
            file.seek(one[2])
            two = _meta(file.read(_META.size), data)
    except FileNotFoundError:
        return 0, 0
    except (OSError, struct.error) as error:
        msg = f"{data}: the store cannot be read: {error}."
        raise StoreError(msg) from None
    last = max(one, two, key=lambda meta: meta[4])
    return length, (last[3] + 1) * one[2]


def _meta(page: bytes, data: Path) -> tuple[int, int, int, int, int]:
    """Magic, version, size of a page, last page and transaction."""
    meta: tuple[int, int, int, int, int] = _META.unpack(page)
    if meta[0] != _MAGIC:
        msg = f"{data}: this is not a store of ours. Choose another folder."
        raise StoreError(msg)
    return meta
