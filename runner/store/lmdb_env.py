"""LMDB environments, opened once in a process and only after a look at their file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import lmdb

from .errors import StoreError, StoreMissing
from .lmdb_file import DATA, check_length, identity
from .state import FORMAT, check_format

_MAP_SIZES = (1 << 40, 1 << 37, 1 << 34)
"""Address space, not disk: a file is as long as what was ever in it."""
_MOST_DATABASES = 1_024
"""Five for each collection and one for the notes: 200 collections."""
_MOST_READERS = 1_024
_NOTES = b"notes"
_FORMAT_KEY = b"\0format"

_FULL = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)))
"""How a write ends for which there is no room; half a write is an I/O error to LMDB."""


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
        if shelf and identity(folder) != shelf.identity:
            # The folder was removed, perhaps made again: what is open is a ghost.
            del _shelves[folder]
            shelf = None
        if shelf is None:
            if not (folder / DATA).exists():
                if not create:
                    raise _missing(folder)
                _make(folder)
            env = _open(folder, write=write or create)
            shelf = Shelf(folder, env, identity(folder))
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
    check_length(folder)
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
