"""Starting the emulator, and reaching it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

PYTHON = Path(os.environ.get("EMULATOR_PYTHON", REPOSITORY / ".emulator/bin/python"))
EMULATOR = Path(__file__).with_name("emulator.py")
START_SECONDS = 60.0


@dataclass(frozen=True)
class Emulator:
    """A server on this machine's loopback."""

    port: int

    def access(self, database: str, schema: str = "BRIDGE") -> dict[str, Any]:
        """What a client needs; the database and the schema come into being.

        No schema is called MAIN: DuckDB has one of that name, and describes it badly.
        """
        return {
            "account": "emulator",
            "user": "runner",
            "password": "any",
            "role": "SYSADMIN",
            "warehouse": "WH",
            "database": database,
            "schema": schema,
            "host": "127.0.0.1",
            "port": self.port,
            "protocol": "http",
        }

    def database(self, name: str) -> str:
        """The database that is meant by a name of ours: any may come into being."""
        return name

    def connect(self, database: str, schema: str = "BRIDGE") -> Any:
        """A connection of the real connector's, with `?` for what is bound."""
        from snowflake import connector  # noqa: PLC0415 - half a second, here alone

        access = self.access(database, schema)
        return connector.connect(**access, paramstyle="qmark", login_timeout=10)

    def rows(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """The rows that one statement answers."""
        with self.connect(database) as connection:
            return list(connection.cursor().execute(statement).fetchall())


def start(log: Path, process: int) -> int:
    """Start a server that ends with a process, and return its port once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [str(PYTHON), str(EMULATOR), f"--port={port}", f"--while={process}"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    end = time.monotonic() + START_SECONDS
    while not answers(port):
        late = server.poll() is not None or time.monotonic() > end
        assert not late, log.read_text()
        time.sleep(0.05)
    return port


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
