"""One HTTP request as Braze makes it: in two seconds, up to a megabyte, no redirect."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

SECONDS = 2.0
"""From the first packet to the last byte; after that nothing is inserted."""

MOST_BYTES = 1_000_000
"""Braze says both that answers have a limit of 1 MB and that larger ones are not kept;
here a larger one is not inserted either."""

TOO_SLOW = 408
NO_CONNECTION = 599
NOT_CALLED = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `headers` hold the key, so they are never shown."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `failure` says in a sentence why there is no body to use."""

    status: int
    body: bytes = b""
    failure: str = ""

    @property
    def is_good(self) -> bool:
        """Whether there is something to insert."""
        return 200 <= self.status < 300 and not self.failure


def host_of(url: str) -> str:
    """The host that a URL names, in small letters; empty where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def fetch(request: Request, seconds: float = SECONDS) -> Answer:
    """Send the request and return the answer; faults of the network are answers too."""
    refusal = _refusal(request.url)
    if refusal:
        return Answer(NOT_CALLED, failure=refusal)
    parts = urlsplit(request.url)
    started = time.monotonic()
    connection = _connection(parts, seconds)
    try:
        connection.connect()
    except OSError:
        return Answer(NO_CONNECTION, failure="No connection.")
    late, answer = threading.Event(), Answer(NO_CONNECTION)
    left = seconds - (time.monotonic() - started)
    timer = threading.Timer(left, _cut, (connection.sock, late))
    timer.daemon = True
    timer.start()
    try:
        answer = _exchange(connection, parts, request)
    except ValueError:
        # What http.client says of it holds the header.
        return Answer(NOT_CALLED, failure="A header holds what none may hold.")
    except TimeoutError:
        # The wire waits as long as the timer does, and may be the first to say so.
        late.set()
    except (OSError, http.client.HTTPException):
        answer = Answer(NO_CONNECTION, failure="The connection broke.")
    finally:
        timer.cancel()
        connection.close()
    if late.is_set():
        # A body without a promised length ends wherever it is cut.
        return Answer(TOO_SLOW, failure=f"No whole answer within {seconds:g} s.")
    return answer


def _refusal(url: str) -> str:
    """Why Braze would not call this URL; empty where it would."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "The URL holds what a URL may not hold: escape it with url_param_escape."
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "The URL cannot be read."
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "The URL must begin with https:// and a host."
    if port not in {80, 443} and not is_loopback(parts.hostname):
        return f"Braze calls ports 80 and 443, not {port}."
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, where any port may stand in for Braze's two."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connection(parts: SplitResult, seconds: float) -> http.client.HTTPConnection:
    kind = (
        http.client.HTTPSConnection
        if parts.scheme == "https"
        else http.client.HTTPConnection
    )
    return kind(parts.hostname or "", parts.port, timeout=seconds)


def _cut(wire: socket.socket, late: threading.Event) -> None:
    """End a call whose time is over, wherever it waits."""
    late.set()
    # It may have ended by itself.
    with contextlib.suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)


def _exchange(
    connection: http.client.HTTPConnection, parts: SplitResult, request: Request
) -> Answer:
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    connection.request(request.method, target, request.body, request.headers)
    response = connection.getresponse()
    body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return Answer(response.status, failure="The answer is larger than 1 MB.")
    promised = response.headers.get("Content-Length", "")
    if promised.isdigit() and int(promised) != len(body):
        msg = "cut off"
        raise OSError(msg)
    if 300 <= response.status < 400:
        failure = f"The answer is a redirect ({response.status}); none is followed."
    elif response.status >= 400:
        failure = f"The answer is {response.status}."
    else:
        failure = ""
    return Answer(response.status, body, failure)
