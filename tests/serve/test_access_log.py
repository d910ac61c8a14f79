"""The access log: a JSON line for each request, and never in a request's way."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest

from runner.serve import access_log
from runner.serve.access_log import AccessLog
from runner.serve.reply import Place, Reply

FOUND = Reply(200, [], b"{}", Place("/r/{value}", "products", 'a"b'), "keyid")


def lines(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_says_what_was_asked_of_what() -> None:
    reader, writer = os.pipe()
    log = AccessLog(writer)
    log.add("id1", "GET", FOUND, 2, 0.0123456)
    log.close()
    os.close(writer)
    (line,) = lines(os.read(reader, 65_536))
    os.close(reader)

    assert line.pop("time").startswith(time.strftime("%Y-%m-%dT", time.gmtime()))
    assert line == {
        "request_id": "id1",
        "method": "GET",
        "route": "/r/{value}",
        "collection": "products",
        "index": 'a"b',
        "status": 200,
        "ms": 12.346,
        "bytes": 2,
        "key_id": "keyid",
    }


def test_each_piece_is_whole_lines_that_a_pipe_takes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pieces: list[bytes] = []
    monkeypatch.setattr(
        access_log.os, "write", lambda _, piece: pieces.append(piece) or len(piece)
    )
    log = AccessLog(1)
    for number in range(500):
        log.add(f"id{number}", "GET", FOUND, 2, 0.1)
    log.close()

    assert max(map(len, pieces)) <= 4_096
    found = [line["request_id"] for piece in pieces for line in lines(piece)]
    assert found == [f"id{number}" for number in range(500)]


def test_a_reader_that_takes_nothing_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_log, "_MOST_WAITING", 1_000)
    reader, writer = os.pipe()
    log = AccessLog(writer)
    began = time.monotonic()
    for _ in range(5):
        for _ in range(1_000):
            log.add("id", "GET", FOUND, 2, 0.1)
        time.sleep(0.05)

    assert time.monotonic() - began < 1.0
    assert log.dropped >= 2_000
    os.close(reader)
    log.close()
    os.close(writer)


def test_a_reader_that_left_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    log = AccessLog(writer)
    log.add("id", "GET", FOUND, 2, 0.1)
    log.close()

    assert not log._thread.is_alive()
    os.close(writer)
