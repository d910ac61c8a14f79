"""Servers of the same records, each on one core: ours and those it is compared with.

A peer that is not installed is None, and whoever measures says so and goes on.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..measure import note
from .filled import FOLDER, Filled
from .memory import children, cpu_seconds, memory, tree
from .records import Url, key_of, key_url, record_of

START_SECONDS = 600.0
_MOST_FILES = 1_000_000
"""Static files: each takes 4 KB of disk and an inode."""
_MOST_ROAPI = 5_000_000
"""Records of roapi, which takes 2.3 KB of memory for each while it starts."""


def cores() -> tuple[int, int]:
    """The core of servers and the core of clients; the same where there is but one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]
    url: Url
    key: str = ""
    store: subprocess.Popen[bytes] | None = None
    """The other process that answers, where there is one."""
    records: int = 0
    """How many it holds: less than asked for where more would not fit."""


def cpu(serving: Serving) -> float:
    """CPU seconds that a server has taken, all its processes together."""
    beside = [serving.store.pid] if serving.store else []
    return cpu_seconds([*tree(serving.process.pid), *beside])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(
    command: Sequence[str | Path],
    *,
    core: int | None = None,
    env: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process beside us; it is stopped when left."""
    pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    log = FOLDER / "server.log"
    with log.open("ab") as err:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
            preexec_fn=pin,  # noqa: PLW1509 - this process has one thread
            env={**os.environ, **(env or {})},
        )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(timeout=30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait(port: int, path: str, server: subprocess.Popen[bytes], key: str = "") -> None:
    """Wait until a path is answered with 200."""
    deadline = time.monotonic() + START_SECONDS
    said = "nothing"
    while time.monotonic() < deadline and server.poll() is None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer = client.getresponse()
            body = answer.read()
            said = f"{answer.status} {body[:200]!r}"
            if answer.status == 200:
                return
        except OSError as error:
            said = str(error)
        finally:
            client.close()
        time.sleep(0.05)
    sys.exit(f"{server.args}: {path} was answered with {said}; see {FOLDER}/server.log")


@contextmanager
def ours(
    store: Filled, *options: str, workers: int = 1, pinned: bool = True
) -> Iterator[Serving]:
    """`runner serve` as it is by default: keys checked, each request logged."""
    port = free_port()
    command = [sys.executable, "-m", "runner", "serve", "--store", store.path]
    command += ["--port", str(port), "--workers", str(workers), *options]
    with process(command, core=cores()[0] if pinned else None) as server:
        wait(port, key_url(0), server, store.key)
        _wait_for_warmth(server.pid, workers)
        yield Serving(port, server, key_url, store.key, records=store.records)


@contextmanager
def nginx(records: int) -> Iterator[Serving | None]:
    """One worker of nginx that serves a file for each record."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if not program:
        yield None
        return
    records = min(records, _MOST_FILES)
    root = _files(records)
    port = free_port()
    made = FOLDER / "nginx.conf"
    made.write_text(
        f"daemon off; worker_processes 1; pid {FOLDER}/nginx.pid; user root;\n"
        "worker_rlimit_nofile 20000;\n"
        f"error_log {FOLDER}/server.log crit; events {{ worker_connections 4096; }}\n"
        "http { access_log off; sendfile on; tcp_nopush on; default_type "
        "application/json; keepalive_requests 100000000; log_not_found off;\n"
        f"server {{ listen 127.0.0.1:{port} backlog=2048; root {root}; }} }}\n",
        encoding="utf-8",
    )
    with process([program, "-c", made], core=cores()[0]) as server:
        wait(port, _file_url(0), server)
        yield Serving(port, server, _file_url, records=records)


@contextmanager
def webdis(records: int) -> Iterator[Serving | None]:
    """Redis behind Webdis: two processes on one core."""
    programs = [shutil.which("redis-server"), shutil.which("webdis")]
    if None in programs:
        yield None
        return
    redis_port, port = free_port(), free_port()
    made = FOLDER / "webdis.json"
    members = {"redis_host": "127.0.0.1", "redis_port": redis_port}
    members |= {"http_host": "127.0.0.1", "http_port": port, "threads": 1}
    members |= {"daemonize": False, "database": 0, "verbosity": 0}
    members |= {"logfile": str(FOLDER / "webdis.log")}
    made.write_text(json.dumps(members), encoding="utf-8")
    redis = [str(programs[0]), "--port", str(redis_port), "--save", "", "--dir"]
    with process([*redis, str(FOLDER)], core=cores()[0]) as kept:
        _fill_redis(redis_port, records, kept)
        with process([str(programs[1]), str(made)], core=cores()[0]) as server:
            wait(port, _webdis_url(0), server)
            yield Serving(port, server, _webdis_url, store=kept, records=records)


@contextmanager
def roapi(records: int) -> Iterator[Serving | None]:
    """The key-value store of roapi, which checks no key; ROAPI may say where it is."""
    program = os.environ.get("ROAPI") or shutil.which("roapi")
    if not program:
        yield None
        return
    records = min(records, _MOST_ROAPI)
    rows, made = FOLDER / "roapi.ndjson", FOLDER / "roapi.yml"
    with rows.open("w", encoding="utf-8") as file:
        for number in range(records):
            row = {"id": key_of(number), "record": record_of(number)}
            file.write(json.dumps(row) + "\n")
    port = free_port()
    made.write_text(
        f"addr: {{http: '127.0.0.1:{port}', postgres: '127.0.0.1:{free_port()}', "
        f"flight_sql: '127.0.0.1:{free_port()}'}}\n"
        "tables: []\nkvstores:\n"
        f"  - {{name: bench, uri: '{rows}', key: id, value: record}}\n",
        encoding="utf-8",
    )
    quiet = {"RUST_LOG": "error"}
    try:
        with process([program, "-c", made], core=cores()[0], env=quiet) as server:
            wait(port, _roapi_url(0), server)
            yield Serving(port, server, _roapi_url, records=records)
    finally:
        rows.unlink()


def _wait_for_warmth(pid: int, workers: int) -> None:
    """Wait until the process beside the workers has read the store."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if sum(memory(child) is not None for child in children(pid)) <= workers:
            return
        time.sleep(0.05)
    sys.exit(f"The server was not warm after {START_SECONDS:.0f} s.")


def _file_url(number: int) -> str:
    return f"/{number // 1_000}/{key_of(number)}.json"


def _webdis_url(number: int) -> str:
    return f"/GET/{key_of(number)}.txt"


def _roapi_url(number: int) -> str:
    return f"/api/kv/bench/{key_of(number)}"


def _files(records: int) -> Path:
    root = FOLDER / f"files-{records}"
    ready = root.with_suffix(".ready")
    if not ready.exists():
        note(f"writing {records:,} files")
        for number in range(records):
            path = root / _file_url(number)[1:]
            if number % 1_000 == 0:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record_of(number), encoding="utf-8")
        ready.touch()
        note("")
    return root


def _fill_redis(port: int, records: int, kept: subprocess.Popen[bytes]) -> None:
    from redis import Redis  # noqa: PLC0415 - of the extra that serves

    client = Redis(port=port)
    deadline = time.monotonic() + 20
    while kept.poll() is None and time.monotonic() < deadline:
        try:
            client.ping()
            break
        except OSError:
            time.sleep(0.05)
        except Exception as error:  # noqa: BLE001 - redis has errors of its own
            note(str(error))
            time.sleep(0.05)
    for first in range(0, records, 1_000):
        numbers = range(first, min(first + 1_000, records))
        client.mset({key_of(number): record_of(number) for number in numbers})
    client.close()
