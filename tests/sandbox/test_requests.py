"""What the sandbox says to a whole request: keys, limits, forms."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from runner.sandbox import Sandbox
from runner.sandbox.faults import PRESETS

from .conftest import KEY, Track, customer, post, tracker

Start = Callable[..., Sandbox]
RATE = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def test_a_good_request_is_queued_with_201(track: Track) -> None:
    answer = track(customer(plan="gold"))
    assert (answer.status_code, answer.json()) == (
        201,
        {"message": "success", "attributes_processed": 1},
    )


def test_a_wrong_key_is_echoed(sandbox: Sandbox) -> None:
    """The real one does, which is why logs must be scrubbed."""
    answer = post(sandbox, "/users/track", headers={"Authorization": "Bearer nope"})
    assert (answer.status_code, answer.json()) == (
        401,
        {"message": "Invalid API key: nope"},
    )


def test_a_wrong_key_comes_with_empty_rate_headers(sandbox: Sandbox) -> None:
    answer = post(sandbox, "/users/track", headers={"Authorization": "Bearer nope"})
    assert [answer.headers.get(name) for name in RATE] == ["", "", ""]


def test_a_quoted_key_is_wrong(sandbox: Sandbox) -> None:
    quoted = {"Authorization": 'Bearer "sandbox-key"'}
    assert post(sandbox, "/users/track", headers=quoted).status_code == 401


def test_a_key_without_the_permission_is_denied(start: Start) -> None:
    sandbox = start(permissions={"users.export.ids"})
    answer = post(sandbox, "/users/track", json={"attributes": [customer()]})
    assert (answer.status_code, answer.json()) == (403, {"message": "Access Denied"})


def test_a_key_with_the_permission_may_send(start: Start) -> None:
    sandbox = start(permissions={"users.track"})
    assert tracker(sandbox)(customer()).status_code == 201


@pytest.mark.parametrize("path", ["/users/trak", "/users/track/", "/users/track/sync"])
def test_an_unknown_path_is_an_invalid_url(sandbox: Sandbox, path: str) -> None:
    answer = post(sandbox, path, json={})
    assert (answer.status_code, answer.json()) == (404, {"message": "Invalid URL"})


def test_another_verb_is_an_invalid_url(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.url}/users/track", headers=KEY, timeout=5)
    assert answer.status_code == 404


def spread(count: int) -> dict[str, list[Any]]:
    """Spread objects over the three arrays."""
    event = {"external_id": "customer-1", "name": "e", "time": "2026-01-01"}
    purchase = {
        "external_id": "customer-1",
        "product_id": "p",
        "currency": "EUR",
        "price": 1,
        "time": "2026-01-01",
    }
    third = count // 3
    return {
        "attributes": [customer(number) for number in range(count - 2 * third)],
        "events": [event] * third,
        "purchases": [purchase] * third,
    }


def test_75_objects_over_the_three_arrays_are_queued(track: Track) -> None:
    answer = track(**spread(75)).json()
    processed = [answer[f"{name}_processed"] for name in spread(75)]
    assert processed == [25, 25, 25]


def test_76_objects_over_the_three_arrays_are_too_many(track: Track) -> None:
    answer = track(**spread(76))
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "Max Input Length Exceeded"},
    )


def test_nothing_of_a_request_with_too_many_objects_is_applied(
    sandbox: Sandbox, track: Track
) -> None:
    track(**spread(76))
    assert sandbox.profiles() == {}


def test_a_legacy_contract_counts_each_array(start: Start) -> None:
    sandbox = start(objects_per_request=("each", 75))
    assert tracker(sandbox)(**spread(225)).status_code == 201


def test_a_legacy_contract_refuses_one_long_array(start: Start) -> None:
    sandbox = start(objects_per_request=("each", 75))
    answer = tracker(sandbox)(*(customer(number) for number in range(76)))
    assert answer.json() == {"message": "Max Input Length Exceeded"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"attributes": [{"external_id": "a", "n": NaN}]}',
        b'{"attributes": [{"external_id": "a", "n": -Infinity}]}',
        b'{"attributes": [{"external_id": "a", "n": 1e999}]}',
        b'{"attributes": [{"external_id": "\xff"}]}',
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
    ],
    ids=lambda body: repr(body[:50]),
)
def test_what_is_not_strict_json_is_refused(sandbox: Sandbox, body: bytes) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    assert post(sandbox, "/users/track", data=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "body", [[], "text", {}, {"attributes": []}, {"attributes": {}}, {"events": "a"}]
)
def test_a_request_without_data_is_refused(sandbox: Sandbox, body: Any) -> None:
    answer = post(sandbox, "/users/track", json=body)
    assert (answer.status_code, answer.json()["message"][:10]) == (400, "Valid data")


@pytest.mark.parametrize("content_type", ["text/plain", None])
def test_another_content_type_is_refused(
    sandbox: Sandbox, content_type: str | None
) -> None:
    headers = {**KEY, **({"Content-Type": content_type} if content_type else {})}
    assert post(sandbox, "/users/track", data=b"{}", headers=headers).status_code == 415


def test_a_charset_in_the_content_type_is_fine(sandbox: Sandbox) -> None:
    headers = {**KEY, "Content-Type": "application/json; charset=utf-8"}
    body = b'{"attributes": [{"external_id": "a"}]}'
    assert post(sandbox, "/users/track", data=body, headers=headers).status_code == 201


def test_more_than_four_megabytes_are_too_large(sandbox: Sandbox) -> None:
    body = b'{"attributes": ["' + b"x" * 4 * 2**20 + b'"]}'
    answer = post(sandbox, "/users/track", data=body)
    assert (answer.status_code, answer.text) == (413, "Request Entity Too Large")


def test_the_connection_survives_a_body_too_large(start: Start) -> None:
    sandbox = start(max_body_bytes=1000)
    send = tracker(sandbox)
    send(customer(big="x" * 2000))
    assert send(customer()).status_code == 201


def test_a_chunked_body_is_read(sandbox: Sandbox) -> None:
    pieces = iter([b'{"attributes": [{"exter', b'nal_id": "a"}]}'])
    headers = {**KEY, "Content-Type": "application/json"}
    answer = post(sandbox, "/users/track", data=pieces, headers=headers)
    assert answer.status_code == 201


def test_header_names_arrive_in_lower_case(sandbox: Sandbox) -> None:
    """As over HTTP/2; `requests` would hide it."""
    connection = HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    connection.request("POST", "/users/track", body="{}", headers=KEY)
    names = [name for name, _ in connection.getresponse().getheaders()]
    connection.close()
    assert names == [name.lower() for name in names]


def test_one_connection_serves_many_requests(sandbox: Sandbox) -> None:
    connection = HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    headers = {**KEY, "Content-Type": "application/json"}
    body = '{"attributes": [{"external_id": "a"}]}'
    statuses = []
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("POST", "/users/track", body=body, headers=headers)
        answer = connection.getresponse()
        statuses.append((answer.status, connection.sock is first, answer.read()[:1]))
    connection.close()
    assert statuses == [(201, True, b"{")] * 3


def connect(sandbox: Sandbox) -> socket.socket:
    """Open a bare connection."""
    host, _, port = urlsplit(sandbox.url).netloc.partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def test_what_is_not_http_is_refused_and_hung_up(sandbox: Sandbox) -> None:
    with connect(sandbox) as raw:
        raw.sendall(b"hello\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 400")


def test_a_vanished_caller_leaves_the_sandbox_serving(
    sandbox: Sandbox, track: Track
) -> None:
    with connect(sandbox) as raw:
        raw.sendall(b"POST /users/track HTTP/1.1\r\ncontent-length: 100\r\n\r\n{")
    assert track(customer()).status_code == 201


def test_requests_at_once_do_not_lose_each_other_s_writes(sandbox: Sandbox) -> None:
    def send_twenty(_: int) -> None:
        send = tracker(sandbox)
        for _ in range(20):
            send(customer(visits={"inc": 1}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send_twenty, range(8)))
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"visits": 160}


def test_a_storm_leaves_no_request_unrecorded(start: Start) -> None:
    """And none unanswered but those whose answer is meant to be lost."""
    sandbox = start(faults=PRESETS["storm"])

    def send_fifty(number: int) -> int:
        send, broken = tracker(sandbox), 0
        for index in range(50):
            try:
                send(customer(number * 100 + index))
            except requests.RequestException:
                broken += 1
        return broken

    with ThreadPoolExecutor(4) as pool:
        broken = sum(pool.map(send_fifty, range(4)))
    faults = [record["fault"] for record in sandbox.requests()]
    lost = [fault for fault in faults if fault in {"lost_answer", "truncated_json"}]
    assert (len(faults), len(lost)) == (200, broken)
