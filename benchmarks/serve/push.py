"""push: records of 30 columns through `runner push`, and 1 % of changes until seen.

The first push fills the store, ledger and all; the second brings the changes. Seen is
when a caller of the running server gets the new version, from the start of the push.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from runner.store import open_store

from ..measure import note, table
from ..shop import CACHE, PROJECT, RUNNER
from .filled import Filled, access_key
from .memory import Peak
from .records import COLLECTION
from .servers import cores, free_port, process, wait

COLUMNS = 30
FIRST = "u_0000000000"

# 30 columns, 0.9 KB as JSON: the profile a template may ask for.
_TEXTS = ",\n".join(
    f"    'text {at} ' || hash(i * {at}) % 100000 || ' of many words' as text_{at}"
    for at in range(12)
)
_NUMBERS = ",\n".join(
    f"    (hash(i * {at + 100}) % 100000)::int as number_{at}" for at in range(8)
)
_AMOUNTS = ",\n".join(
    f"    ((hash(i * {at + 200}) % 1000000) / 100.0)::decimal(12, 2) as amount_{at}"
    for at in range(4)
)
_MART = f"""\
select
    'u_' || lpad(i::varchar, 10, '0') as user_id,
    'user' || i || '@example.com' as email,
{_TEXTS},
{_NUMBERS},
{_AMOUNTS},
    1 as version,
    date '2020-01-01' + (hash(i * 17) % 2000)::int as since,
    timestamp '2020-01-01' + to_seconds((hash(i * 31) % 150000000)::bigint) as seen_at,
    hash(i * 41) % 2 = 0 as is_member
from range({{rows}}) as numbers(i)
"""
_NAMES = [
    *("user_id", "email"),
    *(f"text_{at}" for at in range(12)),
    *(f"number_{at}" for at in range(8)),
    *(f"amount_{at}" for at in range(4)),
    *("version", "since", "seen_at", "is_member"),
]
_PENDING = f"""\
{{{{ braze_bridge.pending_records(ref('profiles'), collection='{COLLECTION}',
    key='user_id', columns={_NAMES}, indexes={{'email': {{}}}}, personal=['email']) }}}}
"""
_FILES = {
    "dbt_project.yml": PROJECT["dbt_project.yml"],
    "packages.yml": PROJECT["packages.yml"],
    "profiles.yml": PROJECT["profiles.yml"],
    "models/profiles.sql": "{{ config(materialized='table') }}\n"
    + _MART.format(rows=1),
    "models/profiles__pending.sql": _PENDING,
    "models/syncs.yml": """\
models:
  - name: profiles__pending
    config:
      meta: {sync: {destination: personalization, object: collection}}
""",
}


@dataclass(frozen=True, slots=True)
class _Pushed:
    seconds: float
    anonymous: float
    total: float
    disk: float


def push(records: int, *, limit: str) -> None:
    """Print one line for the load and one for the changes."""
    os.environ["BENCH_MEMORY"] = limit
    folder = CACHE / "serve" / f"profiles-{records}"
    shutil.rmtree(folder, ignore_errors=True)
    _build(folder, records)
    note(f"pushing {records:,} records")
    loaded = _push(folder)
    store = open_store(str(folder / "store"))
    held = store.held()[COLLECTION]
    assert held.version.records == records, held
    served = Filled(folder / "store", access_key(store)[0], records, 1)
    store.close()
    _sql(folder, "update profiles set version = 2 where hash(user_id) % 100 = 0")
    _sql(folder, f"update profiles set version = 2 where user_id = '{FIRST}'")
    note("pushing 1 % of them")
    changed, seen = _changes(folder, served)
    note("")
    rows: list[list[object]] = [
        [f"{records:,} added", *_cells(loaded), None],
        [f"{records // 100:,} changed", *_cells(changed), seen],
    ]
    print(
        table(
            f"push: records of {COLUMNS} columns and two indexes, from the mart to the "
            f"store, DuckDB's memory_limit {limit}",
            [
                *("", "seconds", "anonymous MB", "resident MB", "disk GB"),
                "seen after s",
            ],
            rows,
        )
    )
    shutil.rmtree(folder)


def _cells(pushed: _Pushed) -> list[object]:
    memory = [round(pushed.anonymous), round(pushed.total)]
    return [pushed.seconds, *memory, pushed.disk]


def _build(folder: Path, records: int) -> None:
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    note("building")
    subprocess.run(
        [*RUNNER, "build", "--quiet"],
        cwd=folder,
        env=_environment(folder),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    _sql(folder, "create or replace table profiles as " + _MART.format(rows=records))


def _sql(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(statement)
        connection.execute("checkpoint")


def _environment(folder: Path) -> dict[str, str]:
    mine = ("RUNNER_", "BRAZE_", "PERSONALIZATION_")
    clean = {key: text for key, text in os.environ.items() if not key.startswith(mine)}
    return {**clean, "PERSONALIZATION_STORE": str(folder / "store")}


def _start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*RUNNER, "push", "--select", "profiles", "--yes", "--format", "json"],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _push(folder: Path) -> _Pushed:
    began = time.perf_counter()
    started = _start(folder)
    with Peak(started.pid, files=lambda: _disk(folder)) as peak:
        code = started.wait()
    seconds = time.perf_counter() - began
    if code:
        sys.exit(f"The push ended with {code}.")
    return _Pushed(seconds, peak.anonymous, peak.total, peak.disk)


def _changes(folder: Path, served: Filled) -> tuple[_Pushed, float]:
    port = free_port()
    path = f"/v1/collections/{COLLECTION}/records/user_id/{FIRST}"
    headers = {"Authorization": f"Bearer {served.key}"}
    command = [*RUNNER, "serve", "--store", served.path, "--port", str(port)]
    with process([*command, "--workers", "1"], core=cores()[-1]) as server:
        wait(port, path, server, served.key)
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        seen = None
        began = time.perf_counter()
        started = _start(folder)
        with Peak(started.pid, files=lambda: _disk(folder)) as peak:
            while started.poll() is None:
                client.request("GET", path, headers=headers)
                body = client.getresponse().read()
                if seen is None and b'"version":2' in body:
                    seen = time.perf_counter() - began
                time.sleep(0.02)
        seconds = time.perf_counter() - began
    if started.returncode or seen is None:
        sys.exit(f"The push ended with {started.returncode}; seen after {seen}.")
    return _Pushed(seconds, peak.anonymous, peak.total, peak.disk), seen


def _disk(folder: Path) -> float:
    """Warehouse, ledger, outbox, what DuckDB spills, and the store, in GB."""
    places = [folder.glob("shop.duckdb*"), folder.glob("spill/*")]
    places.append((folder / "store").rglob("*"))
    size = 0
    for path in chain.from_iterable(places):
        with contextlib.suppress(OSError):
            size += path.stat().st_blocks * 512
    return size / 1e9
