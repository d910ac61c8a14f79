"""currents: Avro files into the warehouse, beside fastavro that only reads them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from .measure import Run, alternate, note, peak, ratio, run, seconds, table
from .shop import CACHE, REPOSITORY, RUNNER

SAMPLES = Path(
    os.environ.get("CURRENTS_DIR") or REPOSITORY.parent / "shared" / "data" / "currents"
).resolve()
CLICK, SEND = "users.messages.email.Click", "users.messages.email.Send"
ROUNDS = 3
PROCESSES = 2
CASES = (
    ("e-mail clicks, 35 fields", CLICK, 40, 15_000),
    ("e-mail sends, 25 fields", SEND, 40, 15_000),
    ("four times the clicks", CLICK, 160, 15_000),
    ("the same in small files", CLICK, 1_000, 600),
)
"""(name, event type, files, events in each)."""

PROJECT = {
    "dbt_project.yml": "name: shop\nversion: 0.1.0\nprofile: shop\n",
    "profiles.yml": "shop: {target: dev, outputs: "
    "{dev: {type: duckdb, path: shop.duckdb, threads: 2}}}\n",
}


def main() -> None:
    """Print the table."""
    if not SAMPLES.is_dir():
        sys.exit(f"No Currents samples in {SAMPLES}; set CURRENTS_DIR to their folder.")
    print(
        table(
            f"currents: {PROCESSES} processes each, half of the files with deflate; "
            f"median of {ROUNDS}",
            ["case", "events", "events/s", "fastavro/s", "of fastavro", "peak MB"],
            [_case(*case) for case in CASES],
        )
    )


def _case(name: str, event_type: str, files: int, events: int) -> list[object]:
    folder = _files(event_type, files, events)
    read = [sys.executable, "-m", "benchmarks.avro", "read", folder, str(PROCESSES)]
    found = alternate(
        ROUNDS,
        {
            "load": lambda: _load(folder, files * events),
            "fastavro": lambda: run(read, cwd=REPOSITORY),
        },
    )
    load, fastavro = found["load"], found["fastavro"]
    return [
        name,
        files * events,
        round(files * events / seconds(load)),
        round(files * events / seconds(fastavro)),
        1 / ratio(load, fastavro),
        round(peak(load)),
    ]


def _files(event_type: str, files: int, events: int) -> Path:
    """A folder of files in Braze's layout, kept for the next time."""
    folder = CACHE / "currents" / f"{event_type}-{files}-{events}"
    if not folder.exists():
        note(f"writing {files:,} files of {event_type}")
        half = folder.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        sample = SAMPLES / f"{event_type}.avro"
        fill = [sys.executable, "-m", "benchmarks.avro", "fill", half, sample]
        run([*fill, str(files), str(events)], cwd=REPOSITORY)
        half.rename(folder)
    return folder


def _load(folder: Path, expected: int) -> Run:
    """Load into a warehouse that has nothing yet."""
    project = CACHE / "currents" / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    for name, text in PROJECT.items():
        (project / name).write_text(text, encoding="utf-8")
    options = ("--processes", str(PROCESSES), "--format", "json")
    done = run(
        [*RUNNER, "currents", "load", folder, *options],
        cwd=project,
        env={"PYTHONPATH": str(REPOSITORY)},
    )
    assert json.loads(done.out)["new_events"] == expected, done.out
    return done


if __name__ == "__main__":
    main()
