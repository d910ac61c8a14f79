"""A server on this machine whose answers a test writes, path by path."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[["Handler"], None]


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Place:
    """Its `url`, what it answers by path, and every request it has seen."""

    url: str = ""
    answers: dict[str, Answering] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def holds(self, path: str, content: object, status: int = 200) -> str:
        """Answer with JSON; returns the URL."""
        body = json.dumps(content).encode()
        return self.says(path, lambda handler: handler.give(body, status))

    def says(self, path: str, answering: Answering) -> str:
        """Answer with whatever the function does; returns the URL."""
        self.answers[path] = answering
        return self.url + path


class Handler(BaseHTTPRequestHandler):
    """Writes down the request and lets the test answer it."""

    place: Place

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.place.seen.append(Seen(self.command, self.path, headers, body))
        answering = self.place.answers.get(self.path)
        if answering is None:
            self.give(b'{"error":"no such record"}', 404)
        else:
            answering(self)

    do_POST = do_GET

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests read `seen`."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 64


def serve(place: Place) -> ThreadingHTTPServer:
    """Start serving; the caller shuts it down."""
    handler = type("Bound", (Handler,), {"place": place})
    server = Server(("127.0.0.1", 0), handler)
    place.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
