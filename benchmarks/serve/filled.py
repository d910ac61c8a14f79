"""Stores filled by the store's own interface, kept in BENCH_DIR for the next part.

python -m benchmarks.serve.filled FOLDER RECORDS INDEXES MOST fills one, in a process of
its own so that its memory is its own.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runner.store import Store, new_key, open_store

from ..measure import note, run
from ..shop import CACHE
from .records import BUILT_AT, COLLECTION, definition, windows

FOLDER = CACHE / "serve"


@dataclass(frozen=True, slots=True)
class Filled:
    """A store, a key to it, and what it holds."""

    path: Path
    key: str
    records: int
    indexes: int


def filled(records: int, indexes: int, *, most: int = 1, anew: bool = False) -> Filled:
    """Return a store of so many records, filled before or now."""
    path = FOLDER / f"store-{records}-{indexes}-{most}"
    ready = path.with_suffix(".ready")
    if anew or not ready.exists():
        note(f"filling a store of {records:,} records, {indexes} indexes")
        shutil.rmtree(path, ignore_errors=True)
        words = [str(each) for each in (path, records, indexes, most)]
        run([sys.executable, "-m", "benchmarks.serve.filled", *words])
        ready.touch()
        note("")
    store = open_store(str(path))
    try:
        return Filled(path, access_key(store)[0], records, indexes)
    finally:
        store.close()


def access_key(store: Store) -> tuple[str, str]:
    """Make a key to the collection; returns its text and its id."""
    text, key = new_key(
        name="benchmark", collections=(COLLECTION,), created_at=datetime.now(UTC)
    )
    store.keys.add(key)
    return text, key.id


def main() -> None:
    """Fill one store."""
    path = sys.argv[1]
    records, indexes, most = (int(word) for word in sys.argv[2:])
    store = open_store(path, create=True)
    with store.fill(
        definition(indexes, most), run_id="benchmark", built_at=BUILT_AT, anew=True
    ) as filling:
        for rows in windows(records, indexes):
            filling.put(rows)
        filling.commit()
    store.close()


if __name__ == "__main__":
    main()
