"""The shipped nginx.conf: what comes through, what does not, what is written down."""

from __future__ import annotations

import json
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from ..serve.serving import Server
from .proxy import Proxy, read_all
from .values import ODD

RECORDS = "/v1/collections/recommendations/records"
SLOW_SECONDS = 5.0


@pytest.mark.parametrize("index", ["user_id", "email"])
def test_a_value_of_any_letters_is_found(
    proxy: Proxy, server: Server, index: str
) -> None:
    for value in ODD:
        path = f"{RECORDS}/{index}/{quote(value, safe='')}"
        found = proxy.ask(path, headers=server.headers("both"))

        assert (found.status, found.json) == (200, {"user_id": value}), value


def test_slashes_and_signs_may_come_as_they_are(proxy: Proxy, server: Server) -> None:
    for value in ("a/b", "a//b", "a/./b", "a+b", "ann@example.org"):
        found = proxy.ask(f"{RECORDS}/user_id/{value}", headers=server.headers("both"))

        assert (found.status, found.json) == (200, {"user_id": value}), value


def test_an_answer_comes_with_all_its_headers(proxy: Proxy, server: Server) -> None:
    path = f"{RECORDS}/user_id/u1"
    found = proxy.ask(path, headers=server.headers("both"))
    direct = server.ask(path)

    assert found.body == direct.body
    names = {"etag", "cache-control", "collection-version", "x-content-type-options"}
    assert {name: found.headers[name] for name in names} == {
        name: direct.headers[name] for name in names
    }
    assert found.headers["strict-transport-security"] == "max-age=31536000"
    known = server.headers("both") | {"If-None-Match": found.headers["etag"]}
    assert proxy.ask(path, headers=known).status == 304
    assert proxy.ask(path, "HEAD", server.headers("both")).status == 200
    assert proxy.ask(path).status == 401


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/metrics", "/openapi.json", "//metrics", "/%6detrics", "/metrics/"),
        *("/v1/../metrics", "/v1/..%2fmetrics", "/x/..//metrics", "/metrics?/v1/"),
        *("/refused/400", "/nginx_status", "/metrics#/../v1/x", "/./metrics"),
    ],
)
def test_what_is_not_for_callers_is_not_there(
    proxy: Proxy, server: Server, path: str
) -> None:
    found = proxy.ask(path, headers=server.headers("both"))

    assert (found.status, found.json["code"]) == (404, "no_route")
    assert "x-request-id" not in found.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])
def test_no_other_method_is_passed_on(
    proxy: Proxy, server: Server, method: str
) -> None:
    found = proxy.ask("/healthz", method, server.headers("both"))

    assert (found.status, found.json["code"]) == (405, "method_not_allowed")
    assert found.headers["allow"] == "GET, HEAD"
    assert "strict-transport-security" in found.headers
    assert "x-request-id" not in found.headers


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/v1/" + "a" * 5_000, b"", b"", 414),
        ("/v1/%zz", b"", b"", 400),
        ("/v1/%00", b"", b"", 400),
        ("/v1/../../x", b"", b"", 400),
        ("/healthz", b"X: " + b"x" * 5_000 + b"\r\n", b"", 400),
        ("/healthz", (b"X: " + b"x" * 3_500 + b"\r\n") * 5, b"", 400),
        ("/healthz", b"Content-Length: 20000\r\n", b"x" * 20_000, 413),
    ],
)
def test_what_is_too_large_or_no_request_is_refused(
    proxy: Proxy, path: str, headers: bytes, body: bytes, status: int
) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode() + headers + b"\r\n"
    answered = proxy.raw(head + body)

    assert answered.startswith(f"HTTP/1.1 {status} ".encode())
    said = json.loads(answered.partition(b"\r\n\r\n")[2])
    assert set(said) == {"error", "code", "docs"}
    assert said["docs"] == "docs/personalization.md#errors"


def test_a_slow_client_is_hung_up_on_and_holds_nobody_up(
    proxy: Proxy, server: Server
) -> None:
    """One says nothing at all, one not its whole head, one not its whole body."""
    plain = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
    heads = [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
    ]
    slow = [proxy.connect() for _ in heads]
    for client, head in zip(slow, heads, strict=True):
        client.sendall(head)
    began = time.monotonic()

    assert proxy.ask("/healthz").status == 200
    assert time.monotonic() - began < SLOW_SECONDS / 2
    for client in [plain, *slow]:
        read_all(client)
        client.close()
    assert time.monotonic() - began < SLOW_SECONDS + 1.5


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_not_spoken(
    proxy: Proxy, version: ssl.TLSVersion, certificate: Path
) -> None:
    context = ssl.create_default_context(cafile=str(certificate / "certificate.pem"))
    # Without this our own OpenSSL would refuse, and nginx not be asked.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as plain,
        pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_plain_http_is_refused(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        assert read_all(client).startswith(b"HTTP/1.1 400 ")


def test_no_log_has_a_value_or_a_key(proxy: Proxy, server: Server) -> None:
    key = server.headers("both")
    secret = "canary7"
    for path in (
        f"{RECORDS}/email/{secret}@example.com?{secret}",
        f"/v1/collections/{secret}-x/records/email/y",
        f"/{secret}",
        f"{RECORDS}/email/" + secret * 800,
    ):
        proxy.ask(path, headers=key | {"User-Agent": secret, "Referer": secret})
    wanted = f"{RECORDS}/email"

    lines = [json.loads(line) for line in proxy.log("access").splitlines()]
    assert wanted in {line["place"] for line in lines}
    assert {line["tls"] for line in lines} >= {"TLSv1.3"}
    for text in (proxy.log("access"), proxy.log("error")):
        assert secret not in text
        assert server.store.keys["both"] not in text


def test_without_the_server_a_caller_is_told_so_and_no_log_more(
    nginx: str, certificate: Path, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        # Nobody listens here, and nobody else can.
        taken.bind(("127.0.0.1", 0))
        with Proxy(nginx, tmp_path, certificate, taken.getsockname()[1], 502) as proxy:
            found = proxy.ask(f"{RECORDS}/email/canary8@example.com")

            assert (found.status, found.json["code"]) == (502, "away")
            assert "canary8" not in proxy.log("error") + proxy.log("access")
