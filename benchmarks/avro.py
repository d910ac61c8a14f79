"""Avro files of Currents' real shape, and fastavro that reads them into nothing.

python -m benchmarks.avro fill FOLDER SAMPLE FILES EVENTS
python -m benchmarks.avro read FOLDER PROCESSES
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro


def main() -> None:
    """Do what the command line says."""
    what, folder, *more = sys.argv[1:]
    if what == "fill":
        fill(Path(folder), Path(more[0]), files=int(more[1]), events=int(more[2]))
    else:
        paths = sorted(Path(folder).rglob("*.avro"))
        with multiprocessing.Pool(int(more[0])) as pool:
            pool.map(read, paths, chunksize=1)


def read(path: Path) -> None:
    """Make a dictionary of every event and let go of it."""
    with path.open("rb") as file:
        for _ in fastavro.reader(file):
            pass


def fill(folder: Path, sample: Path, *, files: int, events: int) -> None:
    """Write files of the sample's schema, every second one with deflate."""
    with sample.open("rb") as file:
        reader = fastavro.reader(file)
        schema, event = reader.writer_schema, next(reader)
    for number in range(files):
        hour = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        types = folder / f"event_type={sample.stem}"
        path = types / f"date={hour:%Y-%m-%d-%H}" / "12" / "prod-03"
        path.mkdir(parents=True, exist_ok=True)
        codec = "deflate" if number % 2 else "null"
        with (path / "0.avro").open("wb") as out:
            fastavro.writer(out, schema, _events(schema, event, number, events), codec)


def _events(
    schema: Any, event: Any, seed: int, count: int
) -> Iterator[dict[str, object]]:
    """Events like the sample, each with ids of its own and two optional fields of five
    missing."""
    rnd = random.Random(seed)
    optional = [
        field["name"] for field in schema["fields"] if isinstance(field["type"], list)
    ]
    for number in range(count):
        own = {
            "id": str(uuid.UUID(int=rnd.getrandbits(128))),
            "user_id": f"{rnd.getrandbits(96):024x}",
            "time": 1_767_225_600 + number,
        }
        missing = {name: None for name in optional if rnd.random() < 0.4}
        yield {**event, **missing, **own}


if __name__ == "__main__":
    main()
