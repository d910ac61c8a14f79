"""`runner serve` as a process, and clients that say exactly what they are told to."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .stores import Stored

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, its header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A server of a store on a free port; stopped when left."""

    def __init__(self, store: Stored, *options: str) -> None:
        self.store = store
        arguments = ["--store", str(store.path), "--port", "0", *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "runner", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert self.process.stderr
        greeting = self.process.stderr.readline().decode()
        found = re.search(r"(https?)://(\S+):(\d+) with", greeting)
        assert found, greeting + self.process.stderr.read().decode()
        self.url = f"{found[1]}://{found[2]}:{found[3]}"
        self.port = int(found[3])
        self._wait()

    def _wait(self) -> None:
        """Wait until a worker answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if self.raw(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n", wait=1.0):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.stop())

    def ask(
        self, path: str, key: str | None = "both", method: str = "GET", **headers: str
    ) -> Answered:
        """Ask on a connection of its own."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            return send(client, path, self.headers(key) | headers, method)
        finally:
            client.close()

    def headers(self, key: str | None) -> dict[str, str]:
        return self.store.headers(key) if key else {}

    def raw(self, head: bytes, wait: float = 5.0, body: bytes = b"") -> bytes:
        """Send a head as it is, with its end, and return all that is answered.

        Of a connection that is reset, what came before.
        """
        answered = b""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=wait) as client,
            suppress(ConnectionError),
        ):
            client.sendall(head + b"Connection: close\r\n\r\n" + body)
            while piece := client.recv(65_536):
                answered += piece
        return answered

    def children(self) -> list[int]:
        """Process ids of the workers that run."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [pid for pid in map(int, listed.read_text().split()) if _runs(pid)]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> tuple[int, str, str]:
        """Stop it and return exit code, stdout and stderr."""
        if self.process.poll() is None:
            self.process.terminate()
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out.decode(), err.decode()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.stdout and not self.process.stdout.closed:
            self.stop()


def send(
    client: http.client.HTTPConnection,
    path: str,
    headers: Mapping[str, str],
    method: str = "GET",
) -> Answered:
    """Ask on a connection that may be kept."""
    client.request(method, path, headers=dict(headers))
    response = client.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answered(response.status, found, response.read())


def _runs(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return False
