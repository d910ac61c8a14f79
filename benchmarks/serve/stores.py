"""stores: LMDB beside SQLite, and beside our store on LMDB: load, find warm, find cold.

python -m benchmarks.serve.stores KIND STEP FOLDER RECORDS does one step in a process of
its own: `load`, or `find COUNT`, which prints the seconds.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from runner.store import open_store

from ..measure import note, run, table
from .filled import FOLDER
from .records import BUILT_AT, COLLECTION, definition, key_of, record_of, windows

WARM, COLD = 200_000, 2_000
"""Finds; a cold one reads the disk several times."""
LMDB, SQLITE, OURS = "lmdb", "sqlite", "ours"
NAMES = {LMDB: "LMDB", SQLITE: "SQLite", OURS: "our store on LMDB"}

Find = Callable[[str], Any]


def stores(records: int) -> None:
    """Print one line a store."""
    rows = []
    for kind, name in NAMES.items():
        folder = FOLDER / f"{kind}-{records}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        note(f"{name}: load")
        loaded = _step(kind, "load", folder, records)
        os.sync()
        note(f"{name}: find")
        for path in _files(folder):
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass
        warm = WARM / float(_step(kind, f"find {WARM}", folder, records).out)
        for path in _files(folder):
            _forget(path)
        cold = COLD / float(_step(kind, f"find {COLD}", folder, records).out)
        size = sum(path.stat().st_size for path in _files(folder)) / 1e9
        rows.append(
            [name, loaded.seconds, loaded.peak_mb, size, round(warm), round(cold)]
        )
        shutil.rmtree(folder)
    note("")
    print(
        table(
            f"stores: {records:,} records of 1 KB by their key, in one process. Ours "
            "has a checksum, a version and the key's lookup besides",
            ["store", "load s", "peak MB", "GB", "warm finds/s", "cold finds/s"],
            rows,
        )
    )


def _step(kind: str, step: str, folder: Path, records: int) -> Any:
    words = [kind, step, str(folder), str(records)]
    return run([sys.executable, "-m", "benchmarks.serve.stores", *words])


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _forget(path: Path) -> None:
    """Take a file out of the page cache; nobody may have it mapped."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    """Do one step."""
    kind, step, folder, records = sys.argv[1:]
    word, _, count = step.partition(" ")
    if word == "load":
        {LMDB: _load_lmdb, SQLITE: _load_sqlite, OURS: _load_ours}[kind](
            folder, int(records)
        )
        return
    chance = random.Random(1)
    keys = [key_of(chance.randrange(int(records))) for _ in range(int(count))]
    if kind == OURS:
        print(asyncio.run(_find_ours(folder, keys)))
        return
    find = {LMDB: _lmdb, SQLITE: _sqlite}[kind](folder)
    began = time.perf_counter()
    for key in keys:
        assert find(key)
    print(time.perf_counter() - began)


def _pairs(records: int) -> Iterator[list[tuple[str, bytes]]]:
    """Keys and records in the order of the keys, a window at a time."""
    for first in range(0, records, 50_000):
        last = min(first + 50_000, records)
        yield [(key_of(at), record_of(at).encode()) for at in range(first, last)]


def _load_lmdb(folder: str, records: int) -> None:
    import lmdb  # noqa: PLC0415 - each process measures one store

    env = lmdb.open(folder, map_size=1 << 40)
    for window in _pairs(records):
        with env.begin(write=True) as txn, txn.cursor() as cursor:
            cursor.putmulti([(key.encode(), text) for key, text in window], append=True)
    env.close()


def _lmdb(folder: str) -> Find:
    import lmdb  # noqa: PLC0415

    env = lmdb.open(folder, readonly=True, readahead=False, map_size=1 << 40)

    def find(key: str) -> Any:
        with env.begin(buffers=True) as txn:
            return bytes(txn.get(key.encode()))

    return find


def _load_sqlite(folder: str, records: int) -> None:
    connection = sqlite3.connect(f"{folder}/records.db")
    connection.executescript(
        "pragma page_size = 8192; pragma journal_mode = wal;"
        "pragma synchronous = normal;"
        "create table records (key text primary key, record blob) without rowid"
    )
    for window in _pairs(records):
        with connection:
            connection.executemany("insert into records values (?, ?)", window)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


def _sqlite(folder: str) -> Find:
    connection = sqlite3.connect(f"file:{folder}/records.db?mode=ro", uri=True)
    connection.execute(f"pragma mmap_size = {1 << 40}")
    select = "select record from records where key = ?"
    return lambda key: connection.execute(select, (key,)).fetchone()


def _load_ours(folder: str, records: int) -> None:
    store = open_store(folder, create=True)
    with store.fill(
        definition(1), run_id="benchmark", built_at=BUILT_AT, anew=True
    ) as filling:
        for rows in windows(records, 1):
            filling.put(rows)
        filling.commit()
    store.close()


async def _find_ours(folder: str, keys: list[str]) -> float:
    store = open_store(folder)
    reader = store.reader()
    began = time.perf_counter()
    for key in keys:
        found = await reader.find(COLLECTION, "user_id", key)
        assert found.kind == "record"
    seconds = time.perf_counter() - began
    await reader.close()
    store.close()
    return seconds


if __name__ == "__main__":
    main()
