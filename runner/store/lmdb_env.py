"""LMDB environments, opened once in a process and only after a look at their file.

LMDB maps its file into memory: a file that was cut off would kill the process with
SIGBUS, so its length is compared with what its own first pages say.
"""

from __future__ import annotations

import errno
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import lmdb

from .errors import StoreError, StoreMissing
from .state import FORMAT, check_format

_MAP_SIZES = (1 << 40, 1 << 37, 1 << 34)
"""Address space, not disk: a file is as long as what was ever in it."""
_MOST_DATABASES = 1_024
"""Five for each collection and one for the notes: 200 collections."""
_MOST_READERS = 1_024
DATA = "data.mdb"
_NOTES = b"notes"
_FORMAT_KEY = b"\0format"

_FULL = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)))
"""How a write ends for which there is no room; half a write is an I/O error to LMDB."""

# Linux, 64 bits; lmdb.h's MDB_meta after a page's header of 16 bytes: magic, version,
# address, map size, two trees of 48 bytes (the first begins with the size of a page),
# the last page, the transaction.
_META = struct.Struct("<16xII16xI92xQQ")
_MAGIC = 0xBEEFC0DE
_LOOKS, _PAUSE = 10, 0.02


@dataclass
class Shelf:
    """One environment in a folder, and the handles of its databases."""

    folder: Path
    env: lmdb.Environment
    identity: tuple[int, int] | None
    """Device and number of its file."""
    uses: int = 0
    databases: dict[bytes, Any] = field(default_factory=dict)

    @property
    def notes(self) -> Any:
        """The database that holds one entry for each collection or key."""
        return self.database(_NOTES)

    def database(self, name: bytes) -> Any:
        """A handle; the database is made when it is not there and may be made."""
        if name not in self.databases:
            with naming(self.folder):
                try:
                    # A handle from a transaction that only reads ends with it.
                    found = self.env.open_db(name, create=False)
                except lmdb.NotFoundError:
                    found = self.env.open_db(name)
            self.databases[name] = found
        return self.databases[name]

    @contextmanager
    def writing(self) -> Iterator[lmdb.Transaction[bytes]]:
        """One transaction that changes everything or nothing."""
        with naming(self.folder):
            with self.env.begin(write=True) as txn:
                yield txn
            self.lengthen()

    def lengthen(self) -> None:
        """Make the file as long as it says it is.

        LMDB counts the pages that a transaction took last and gave up again, and does
        not write them: the look at the length would take that for damage.
        """
        length = (self.env.info()["last_pgno"] + 1) * self.env.stat()["psize"]
        data = self.folder / DATA
        if data.stat().st_size < length:
            os.truncate(data, length)


_shelves: dict[Path, Shelf] = {}
_lock = Lock()


def open_shelf(folder: Path, *, write: bool, create: bool = False) -> Shelf:
    """Open an environment, or share the one that this process has open already.

    A process opens one that is to be written anew for that. Raises StoreMissing when
    there is none, StoreError when it is damaged or another program's.
    """
    folder = folder.resolve()
    with _lock:
        shelf = _shelves.get(folder)
        if shelf and _identity(folder) != shelf.identity:
            # The folder was removed, perhaps made again: what is open is a ghost.
            del _shelves[folder]
            shelf = None
        if shelf is None:
            if not (folder / DATA).exists():
                if not create:
                    raise _missing(folder)
                _make(folder)
            env = _open(folder, write=write or create)
            shelf = Shelf(folder, env, _identity(folder))
            _shelves[folder] = shelf
        elif write and shelf.env.flags()["readonly"]:
            shelf.env.close()
            shelf.databases.clear()
            shelf.env = _open(folder, write=True)
        shelf.uses += 1
        return shelf


def close_shelf(shelf: Shelf) -> None:
    """Close an environment when nobody uses it any more."""
    with _lock:
        shelf.uses -= 1
        if shelf.uses > 0:
            return
        if _shelves.get(shelf.folder) is shelf:
            del _shelves[shelf.folder]
        shelf.databases.clear()
        shelf.env.close()


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Turn LMDB's errors into StoreError, with the folder and what to do."""
    try:
        yield
    except StoreError as error:
        raise error.at(folder) from None
    except lmdb.DbsFullError:
        msg = f"{folder}: a store holds 200 collections. Open another store for more."
        raise StoreError(msg) from None
    except lmdb.ReadersFullError:
        msg = f"{folder}: more than {_MOST_READERS} readers. Serve with fewer workers."
        raise StoreError(msg) from None
    except lmdb.Error as error:
        is_full = isinstance(error, lmdb.MapFullError) or str(error).endswith(_FULL)
        what = "no room for the store" if is_full else "the store cannot be used"
        remedy = (
            "Make room, or look at the disk, then push again"
            if is_full
            else "Rebuild the store from nothing (docs/personalization.md)"
        )
        msg = f"{folder}: {what}: {error}. {remedy}."
        raise StoreError(msg) from None


def _missing(folder: Path) -> StoreMissing:
    return StoreMissing(
        f"{folder}: no store is there. Push a collection first, or set "
        "PERSONALIZATION_STORE to where the push writes."
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: no store can be made there: {error.strerror}."
        raise StoreError(msg) from None


def _open(folder: Path, *, write: bool) -> lmdb.Environment:
    _check_length(folder)
    with naming(folder):
        env = _map(folder, _MAP_SIZES, write=write)
        try:
            _check_ours(env, folder, write=write)
            # A reader that was killed would keep the pages it read from being used.
            env.reader_check()
        except BaseException:
            env.close()
            raise
    return env


def _map(folder: Path, sizes: tuple[int, ...], *, write: bool) -> lmdb.Environment:
    """Open with as much address space as the process may have."""
    try:
        return lmdb.open(
            str(folder),
            map_size=sizes[0],
            readonly=not write,
            mode=0o600,
            create=write,
            readahead=False,
            max_readers=_MOST_READERS,
            max_dbs=_MOST_DATABASES,
            max_spare_txns=4,
        )
    except lmdb.MemoryError:
        if len(sizes) == 1:
            raise
    return _map(folder, sizes[1:], write=write)


def _check_ours(env: lmdb.Environment, folder: Path, *, write: bool) -> None:
    """Raise StoreError for another program's file; mark a new one as ours."""
    if write and not env.stat()["entries"]:
        with env.begin(write=True) as txn:
            notes = env.open_db(_NOTES, txn)
            txn.put(_FORMAT_KEY, str(FORMAT).encode(), db=notes)
        return
    try:
        notes = env.open_db(_NOTES, create=False)
    except lmdb.NotFoundError:
        msg = f"{folder}: this is not a store of ours. Choose another folder."
        raise StoreError(msg) from None
    with env.begin() as txn:
        check_format(txn.get(_FORMAT_KEY, db=notes), str(folder))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = (folder / DATA).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_length(folder: Path) -> None:
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
