"""One build and push at a time in a project: a lock that dies with its holder.

The lease in the ledger guards the push alone: while dbt builds, it holds the DuckDB
file, and nobody could renew a row in it. This lock is the operating system's, on a
file beside the manifest; the file's content only says who has it.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import ConfigError, LeaseError

LOCK_FILE = "runner.lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, or raise LeaseError naming who does."""
    path = folder / LOCK_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror}."
        raise ConfigError(msg) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            msg = f"Another run is at work: {who} holds the lease. Wait for it to end."
            raise LeaseError(msg) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
