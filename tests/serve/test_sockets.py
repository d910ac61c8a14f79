"""What only a real connection shows: decoding, odd heads, bodies, and many callers."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from .serving import Server, send
from .stores import RECORD, Stored

PATH = "/v1/collections/recommendations/records"
VALUE = f"{PATH}/user_id/"


@pytest.mark.parametrize("value", ["u1", "u/2", "тест"])
def test_a_value_is_decoded_once(server: Server, value: str) -> None:
    found = server.ask(VALUE + quote(value, safe=""))

    assert (found.status, found.json["user_id"]) == (200, value)


@pytest.mark.parametrize("value", ["%75%31", "u1?"])
def test_any_spelling_of_a_value_is_that_value(server: Server, value: str) -> None:
    assert server.ask(VALUE + value).body.decode() == RECORD


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("..%2f..", 404),
        ("%2e%2e/%2e%2e/etc/passwd", 404),
        ("u1%2fsegment", 404),
        ("%2575%2531", 404),
        ("u+1", 404),
        ("%", 404),
        ("%zz", 404),
        ("%00", 400),
        ("u1%00", 400),
        ("u1?x", 400),
        ("%ff", 400),
        ("%c0%af", 400),
        ("a" * 2_048, 414),
    ],
)
def test_an_odd_value_is_a_small_answer(
    server: Server, value: str, status: int
) -> None:
    found = server.ask(VALUE + value)

    assert (found.status, set(found.json)) == (status, {"error", "code", "docs"})
    assert len(found.body) < 200


@pytest.mark.parametrize(
    ("length", "statuses"),
    [(60_000, {b"414"}), (100_000, {b"414"}), (200_000, {b"414", b"431"})],
)
def test_an_endless_url_is_refused(
    server: Server, length: int, statuses: set[bytes]
) -> None:
    """As a URL or, above what is read of a head, by how much of it came at once.

    What the server leaves unread may reset the connection before its answer is read.
    """
    head = b"GET " + VALUE.encode() + b"a" * length + b" HTTP/1.1\r\nHost: x\r\n"
    answers = (server.raw(head) for _ in range(9))

    assert next(filter(None, answers)).split()[1] in statuses


@pytest.mark.parametrize(
    "head",
    [
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n",
        b"\x16\x03\x01\x02\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n",
    ],
)
def test_what_is_no_http_is_refused(server: Server, head: bytes) -> None:
    assert server.raw(head).startswith(b"HTTP/1.1 400 ")


def test_two_authorizations_are_none(server: Server) -> None:
    key = f"Authorization: Bearer {server.store.keys['both']}\r\n".encode()
    head = b"GET " + VALUE.encode() + b"u1 HTTP/1.1\r\nHost: x\r\n"

    assert server.raw(head + key).startswith(b"HTTP/1.1 200 ")
    assert server.raw(head + key + key).startswith(b"HTTP/1.1 401 ")


def test_head_answers_the_same_head_without_the_body(server: Server) -> None:
    for path in (VALUE + "u1", VALUE + "nobody", "/healthz", "/", "/openapi.json"):
        full, head = server.ask(path), server.ask(path, method="HEAD")
        changing = {"date", "x-request-id", "collection-age"}

        assert (head.status, head.body) == (full.status, b"")
        assert int(full.headers["content-length"]) == len(full.body)
        for name in full.headers.keys() - changing:
            assert head.headers[name] == full.headers[name], name


def test_an_etag_is_answered_without_a_body(server: Server) -> None:
    etag = server.ask(VALUE + "u1").headers["etag"]

    found = server.ask(VALUE + "u1", **{"If-None-Match": etag})

    assert (found.status, found.body) == (304, b"")


def test_a_body_is_not_read(server: Server) -> None:
    """A caller that announces ten gigabytes is answered before the first of them."""
    key = f"Authorization: Bearer {server.store.keys['both']}\r\n".encode()
    for method, status in ((b"POST", b"405"), (b"GET", b"200")):
        head = method + b" " + VALUE.encode() + b"u1 HTTP/1.1\r\nHost: x\r\n" + key
        found = server.raw(head + b"Content-Length: 10000000000\r\n", body=b"a" * 9_999)

        assert found.startswith(b"HTTP/1.1 " + status)
        assert b"connection: close" in found


def test_the_server_does_not_say_what_it_is_made_of(server: Server) -> None:
    assert server.ask("/healthz").headers["server"] == "braze-bridge"


def test_each_request_has_an_id_of_its_own(server: Server) -> None:
    ids = {server.ask("/healthz").headers["x-request-id"] for _ in range(6)}

    assert len(ids) == 6


def test_slow_clients_hold_nobody_up(server: Server) -> None:
    """1,000 half-open connections: they are closed after five seconds."""
    slow = [_half_open(server, number) for number in range(1_000)]
    began = time.monotonic()
    taken = _paced(server, seconds=1.0, a_second=500)
    taken.sort()

    assert len(taken) > 400
    assert taken[int(len(taken) * 0.99)] < 0.1
    for client in slow[::50]:
        client.settimeout(8)
        assert client.recv(1_000) == b""
    assert time.monotonic() - began < 8
    for client in slow:
        client.close()


def _half_open(server: Server, number: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    client.sendall((b"", b"GET ", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")[number % 3])
    return client


def _paced(server: Server, *, seconds: float, a_second: int) -> list[float]:
    """Ask so many times a second whatever the answers take; seconds of each."""
    taken: list[float] = []
    headers, lanes = server.headers("both"), 5
    began = time.monotonic()

    def lane(first: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        for number in range(first, int(seconds * a_second), lanes):
            due = began + number / a_second
            time.sleep(max(0.0, due - time.monotonic()))
            assert send(client, VALUE + "u1", headers).status == 200
            taken.append(time.monotonic() - due)
        client.close()

    threads = [threading.Thread(target=lane, args=(first,)) for first in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


@pytest.mark.parametrize(
    ("path", "method", "key", "is_kept"),
    [
        (VALUE + "u1", "GET", "both", True),
        (VALUE + "nobody", "GET", "both", True),
        (VALUE + "u1", "GET", "nothing", True),
        ("/v1/collections", "GET", "both", True),
        ("/metrics", "GET", "both", True),
        ("/healthz", "GET", None, True),
        ("/readyz", "HEAD", None, True),
        (VALUE + "u1", "GET", None, False),
        (VALUE + "u1", "GET", "revoked", False),
        (VALUE + "%00", "GET", None, False),
        (VALUE + "a" * 2_048, "GET", None, False),
        ("/x", "GET", None, False),
        ("/", "GET", None, False),
        ("/openapi.json", "HEAD", None, False),
    ],
)
def test_a_connection_is_kept_for_who_has_a_key(
    server: Server, path: str, method: str, key: str | None, *, is_kept: bool
) -> None:
    """So that strangers hold none of them; this machine's health checks may."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    found = send(client, path, server.headers(key) if key else {}, method)

    assert found.headers.get("connection") == (None if is_kept else "close")
    # http.client lets go of its socket when the server said that it will close.
    assert (client.sock is not None) == is_kept
    client.close()


def test_strangers_who_never_read_are_answered_once(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        answered = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65_536):
                answered += piece

    assert answered.count(b"HTTP/1.1 200 ") == 1


def test_metrics_count_what_all_workers_answered(server: Server) -> None:
    for _ in range(20):
        server.ask(PATH + "/email/zz9%40example.com")
    # The other worker leaves its counts once a second.
    deadline, found = time.monotonic() + 5, 0.0
    while found < 20 and time.monotonic() < deadline:
        time.sleep(0.1)
        text = server.ask("/metrics").body.decode()
        line = 'collection="recommendations",index="email",route="%s",status="404"} '
        route = "/v1/collections/{collection}/records/{index}/{value}"
        found = float(text.partition(line % route)[2].split("\n")[0] or 0)

    assert found == 20
    assert 'personalization_collection_records{collection="products"} 1.0' in text
    assert "zz9" not in text


def test_tls_serves_what_plain_text_does(store: Stored, certificate: Path) -> None:
    files = ("--tls-certificate", str(certificate), "--tls-key", str(certificate))
    with _TlsServer(store, "--workers", "1", *files) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        client = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=5, context=context
        )
        found = send(client, VALUE + "u1", server.headers("both"))
        client.close()

        assert server.url.startswith("https://")
        assert json.loads(found.body) == json.loads(RECORD)


class _TlsServer(Server):
    def _wait(self) -> None:
        """It listens before it greets, or soon after."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
