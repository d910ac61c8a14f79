"""A way to the emulator on which answers are lost and sessions expire."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import requests

Fault = Literal["expired", "lost", "refused"]
"""The session is over; it was done, and the answer is lost; it was not done."""

EXPIRED = {
    "success": False,
    "code": "390114",
    "message": "Authentication token has expired. The user must authenticate again.",
    "data": None,
}
HOP = {"connection", "content-length", "transfer-encoding", "content-encoding"}


@dataclass
class Road:
    """Forwards what comes; `meet` decides which statement has an accident."""

    to: int
    meet: Callable[[str], Fault | None] = lambda _: None
    port: int = 0
    statements: list[str] = field(default_factory=list)


@contextmanager
def road(to: int) -> Iterator[Road]:
    """A server of its own in front of the emulator's port."""
    way = Road(to)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            statement = said(self.path, self.headers, body)
            way.statements.append(statement)
            fault = way.meet(statement) if statement else None
            if fault == "refused":
                self.close_connection = True
                return
            if fault == "expired":
                self.answer(200, json.dumps(EXPIRED).encode())
                return
            url = f"http://127.0.0.1:{way.to}{self.path}"
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in {"host", "content-length"}
            }
            found = requests.post(url, data=body, headers=headers, timeout=60)
            if fault == "lost":
                self.close_connection = True
                return
            self.answer(found.status_code, found.content)

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    way.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield way
    finally:
        server.shutdown()
        server.server_close()


def said(path: str, headers: object, body: bytes) -> str:
    """The statement of a request; empty where it is about something else."""
    if "query-request" not in path:
        return ""
    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    return str(json.loads(text).get("sqlText", ""))
