"""nginx, run by the configuration in examples/personalization."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from ..serve.serving import PATIENCE, Answered, send

EXAMPLES = Path(__file__).parents[2] / "examples" / "personalization"


class Proxy:
    """nginx on a free port before a server on another; stopped when left.

    It is ready when /healthz is answered with the status `first`.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        certificate: Path,
        server: int,
        first: int = 200,
    ) -> None:
        self.folder = folder
        self.port = _free_port()
        self.server = server
        self.context = ssl.create_default_context(
            cafile=str(certificate / "certificate.pem")
        )
        made = folder / "nginx.conf"
        made.write_text(_made(folder, certificate, self.port, server))
        self.process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(made), "-g", "daemon off;"],
            stderr=subprocess.PIPE,
        )
        self._wait(first)

    def _wait(self, status: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("/healthz").status == status:
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.stop())

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Ask on a connection of its own."""
        client = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=10, context=self.context
        )
        try:
            return send(client, path, headers or {}, method)
        finally:
            client.close()

    def connect(self, wait: float = 10.0) -> ssl.SSLSocket:
        """A connection on which nothing was said yet."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=wait)
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")

    def raw(self, request: bytes, wait: float = 10.0) -> bytes:
        """All that is answered to these bytes until nginx hangs up."""
        with self.connect(wait) as client:
            client.sendall(request)
            return read_all(client)

    def log(self, name: str) -> str:
        """What nginx wrote to a log."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def stop(self) -> str:
        """Stop it and return what it complained of."""
        if self.process.poll() is None:
            self.process.terminate()
        _, err = self.process.communicate(timeout=PATIENCE)
        return err.decode()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def read_all(client: socket.socket) -> bytes:
    """Read until the other side hangs up, gently or not."""
    answered = b""
    try:
        while piece := client.recv(65_536):
            answered += piece
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    return answered


def _made(folder: Path, certificate: Path, port: int, server: int) -> str:
    """The shipped configuration with this machine's places; each must be in it."""
    made = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    # Who runs the tests need not be root, and nobody else can read their folders.
    for place, here in {
        r"^user www-data;": "user root;",
        r"/run/nginx\.pid": f"{folder}/nginx.pid",
        r"/var/log/nginx/": f"{folder}/",
        r"/etc/nginx/tls/": f"{certificate}/",
        r"server 127\.0\.0\.1:8080;": f"server 127.0.0.1:{server};",
        r"listen 443 ": f"listen 127.0.0.1:{port} ",
        r"^ *listen \[::\]:443 .*$": "",
        r"^http \{": f"http {{\n{_temporary(folder)}",
    }.items():
        made, count = re.subn(place, here, made, flags=re.M)
        assert count, place
    return made


def _temporary(folder: Path) -> str:
    """Places that Debian's nginx has under /var, for a user who may not write there."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
