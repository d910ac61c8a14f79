"""nginx and the server cut a stream of bytes into the same requests."""

from __future__ import annotations

import re
import socket

import pytest

from ..serve.serving import Server
from .proxy import Proxy, read_all
from .smuggled import corpus

CASES = sorted(corpus(b""))
LAST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

Said = tuple[int, dict[str, str], bytes]


def responses(answered: bytes) -> list[Said]:
    """Status, headers and body of every response; nothing else may be there."""
    found = []
    while answered:
        head, blank, answered = answered.partition(b"\r\n\r\n")
        assert blank, head
        first, *lines = head.decode("latin-1").split("\r\n")
        assert re.fullmatch(r"HTTP/1\.1 \d{3} .+", first), first
        headers = {name.lower(): text for name, text in (x.split(": ") for x in lines)}
        size = int(headers.get("content-length", "0"))
        assert len(answered) >= size
        found.append((int(first[9:12]), headers, answered[:size]))
        answered = answered[size:]
    # 100 says go on, and is no answer.
    return [each for each in found if each[0] != 100]


def counted(server: Server) -> int:
    """How many requests the server has answered, those before this one."""
    text = server.ask("/metrics").body.decode()
    counts = re.findall(r"^personalization_requests_total\{.*\} ([\d.]+)$", text, re.M)
    return sum(int(float(count)) for count in counts)


@pytest.mark.parametrize("case", CASES)
def test_nobody_gets_a_request_past_the_proxy(
    proxy: Proxy, server: Server, case: str
) -> None:
    """As many answers come from the server as it gave, and none to what was hidden."""
    key = "".join(f"{n}: {v}\r\n" for n, v in server.headers("both").items())
    inner = f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n{key}\r\n".encode()
    before = counted(server)

    found = responses(proxy.raw(corpus(inner)[case] + LAST))

    assert found
    assert all(status < 500 for status, _, _ in found), found
    from_server = [each for each in found if "x-request-id" in each[1]]
    assert len(from_server) == counted(server) - before - 1
    assert not any(b"personalization_" in body for _, _, body in found)
    # What cannot be read ends the conversation: what follows might be cut elsewhere.
    for status, headers, _ in found[:-1]:
        assert status != 400
        assert headers["connection"] != "close"


@pytest.mark.parametrize("case", CASES)
def test_the_server_alone_has_no_fault_either(server: Server, case: str) -> None:
    """As it stands with its own TLS: nobody is before it to refuse anything."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(corpus(LAST)[case] + LAST)
        found = responses(read_all(client))

    assert found
    assert all(status < 500 for status, _, _ in found), found
