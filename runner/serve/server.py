"""Owns the process that listens and the workers that answer; granian does both.

All workers accept from one socket, so that a worker that is replaced or dies takes no
waiting connection with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketSpec  # type: ignore[attr-defined]
from granian.server import MPServer

from ..errors import RunnerError
from ..store import open_store
from .complaints import Complaints
from .options import Options, check, check_tls, free_port, is_over
from .rsgi import Work, Worker

_HEAD_MILLISECONDS = 5_000
"""For the head of a request to arrive, and for a connection to be idle."""
_MOST_HEAD = 131_072
"""Bytes of a head that are read, so that a URL of 100 KB is told what is wrong."""
_MOST_CONNECTIONS = 10_000
"""Of one worker: slow clients must fill this before anybody waits."""
_SPARE_FILES = 100
_BACKLOG = 2_048
_STOP_SECONDS = 10
_RETRY_SECONDS = 1.0
_RESPAWN_SECONDS = 0.2
"""At least, between two workers that die one after the other."""
_RELOAD_SECONDS = 1.0
"""For a new worker to come up, before the old one is asked to leave."""

_LOGGING: dict[str, Any] = {
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "generic",
            # Stdout is the access log's.
            "stream": "ext://sys.stderr",
        },
    },
    "loggers": {
        "_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}
    },
}


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP replaces the workers one by one.

    Raises ConfigError or StoreError before anything listens.
    """
    address = check(options)
    named, collections = _look(options.store)
    port = free_port(address, options.port)
    # Granian hands its socket on to the workers, which only a fork can do; no platform
    # forks by default from Python 3.14 on.
    multiprocessing.set_start_method("fork", force=True)
    counts = Path(tempfile.mkdtemp(prefix="runner-serve-"))
    work = Work(
        store=options.store,
        counts=counts,
        parent=os.getpid(),
        workers=options.workers,
        access_log=options.access_log,
        max_age=options.max_age,
    )
    try:
        server = _server(options, address, port)
        server.may_reload = lambda: _check_again(options)
        click.echo(_greeting(options, address, port, named, collections), err=True)
        if options.tls and is_over(*options.tls):
            name = options.tls[0]
            click.echo(f"{name} has expired: Braze refuses it. Renew it.", err=True)
        # Until granian handles it, the handler is the parent's, which ends no worker.
        os.register_at_fork(after_in_child=_end_when_told)
        _warm(options.store)
        server.serve(target_loader=_loader(work), wrap_loader=False)
    finally:
        if os.getpid() == work.parent:
            shutil.rmtree(counts, ignore_errors=True)


def _look(url: str) -> tuple[str, int]:
    """Return how the store is called and how many collections it holds."""
    store = open_store(url)
    try:
        return store.url, len(store.held())
    finally:
        # An LMDB environment must not be carried over a fork.
        store.close()


def _check_again(options: Options) -> None:
    """Raise RunnerError when the files of TLS, or the store, cannot be opened now."""
    if options.tls:
        check_tls(*options.tls)
    _look(options.store)


def _greeting(
    options: Options, address: str, port: int, named: str, collections: int
) -> str:
    scheme = "https" if options.tls else "http"
    host = f"[{address}]" if ":" in address else address
    return (
        f"Serving {_count(collections, 'collection')} of {named} at "
        f"{scheme}://{host}:{port} with {_count(options.workers, 'worker')}."
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _end_when_told() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _warm(store: str) -> None:
    """Bring the store into memory beside the workers, which do not wait for it."""
    multiprocessing.Process(target=_read_through, args=(store,), daemon=True).start()


def _read_through(url: str) -> None:
    with contextlib.suppress(RunnerError):
        reader = open_store(url).reader()
        asyncio.run(reader.warm())


def _loader(work: Work) -> Callable[[], Any]:
    """What a worker process does before it answers."""

    def load() -> Any:
        complain = Complaints()
        while os.getppid() == work.parent:
            try:
                return Worker(work)
            except (RunnerError, OSError) as error:
                # Granian would stop the server for workers that end at once.
                complain(str(error))
                time.sleep(_RETRY_SECONDS)
        os._exit(1)

    return load


class _Server(MPServer):
    """Granian with one listening socket for all workers, as it has on other systems.

    On Linux each worker has its own, and one that is closed resets the connections
    that wait in it (unless net.ipv4.tcp_migrate_req is set).
    """

    may_reload: Callable[[], None]
    """Raises RunnerError when new workers could not start."""

    def _init_shared_socket(self) -> None:
        shared: Any = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._shd = shared
        self._sfd = shared.get_fd()
        self._ssp = None
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        # First, so that a signal that comes meanwhile is seen.
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        try:
            self.may_reload()
        except (RunnerError, OSError) as error:
            # Those that answer go on: a new worker would have nothing to answer with.
            Complaints()(f"Not reloaded: {error}")
            return
        super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]

    def _respawn_workers(
        self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        super()._respawn_workers(
            workers, spawn_target, target_loader, delay or _RESPAWN_SECONDS
        )
        # Granian stops when a worker dies that was just replaced, though others answer.
        self.respawned_wrks.clear()


def _server(options: Options, address: str, port: int) -> _Server:
    certificate, key = options.tls or (None, None)
    return _Server(
        "runner.serve",
        address,
        port,
        interface=Interfaces.RSGI,
        workers=options.workers,
        http=HTTPModes.http1,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEAD_MILLISECONDS, max_buffer_size=_MOST_HEAD
        ),
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        ssl_cert=certificate,
        ssl_key=key,
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        respawn_interval=_RELOAD_SECONDS,
        workers_kill_timeout=_STOP_SECONDS,
    )


def _connections() -> int:
    """How many one worker may hold: granian takes no more than `backpressure`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_CONNECTIONS + _SPARE_FILES
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    left = _MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - _SPARE_FILES
    return max(_SPARE_FILES, min(_MOST_CONNECTIONS, left))
