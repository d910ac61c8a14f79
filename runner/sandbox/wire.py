"""Reads HTTP/1.1 requests from a socket and writes answers, whole or damaged.

Must not know Braze; the standard library's handler is too slow at parsing headers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedIOBase
from time import monotonic
from typing import Literal
from urllib.parse import parse_qs, urlsplit

_MAX_LINE = 65_536
_MAX_HEADERS = 100
# Beyond this a refused body is not read to its end, and the connection is closed.
_MAX_DRAINED_BYTES = 64 * 2**20

Delivery = Literal["whole", "cut", "none"]


class Malformed(Exception):
    """What arrived is not HTTP."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower-case; `body` is None when too large."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes | None
    bytes: int
    received_at: float
    is_last: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `delivery` says how much of it reaches the caller."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = "whole"
    delay: float = 0.0


def read_request(
    source: BufferedIOBase, sink: BufferedIOBase, *, max_body_bytes: int
) -> Request | None:
    """Read the next request, or None when the caller has closed the connection."""
    line = source.readline(_MAX_LINE)
    received_at = monotonic()
    if not line.strip():
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != len(("method", "target", "version")):
        raise Malformed(line)
    method, target, version = parts
    headers = _read_headers(source)
    if headers.get("expect", "").lower() == "100-continue":
        sink.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body, size = _read_body(source, headers, most=max_body_bytes)
    url = urlsplit(target)
    closes = headers.get("connection", "").lower() == "close"
    return Request(
        method=method,
        path=url.path,
        query=parse_qs(url.query),
        headers=headers,
        body=body,
        bytes=size,
        received_at=received_at,
        is_last=closes or version == "HTTP/1.0" or size > _MAX_DRAINED_BYTES,
    )


def write_answer(sink: BufferedIOBase, answer: Answer, *, is_last: bool) -> bool:
    """Write an answer in one piece; say whether the connection can be used again."""
    if answer.delivery == "none":
        return False
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"date: {formatdate(usegmt=True)}",
        f"content-type: {answer.content_type}",
        f"content-length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        *(["connection: close"] if is_last else []),
    ]
    is_cut = answer.delivery == "cut"
    body = answer.body[: len(answer.body) // 2] if is_cut else answer.body
    sink.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    return not is_last and not is_cut


def _read_headers(source: BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = source.readline(_MAX_LINE)
        if line in {b"\r\n", b"\n", b""}:
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise Malformed(line)
        headers[name.strip().lower()] = value.strip()
    raise Malformed(headers)


def _read_body(
    source: BufferedIOBase, headers: dict[str, str], *, most: int
) -> tuple[bytes | None, int]:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(source, most=most)
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise Malformed(length)
    size = int(length)
    if size <= most:
        body = source.read(size)
        if len(body) < size:
            raise Malformed(size)
        return body, size
    left = min(size, _MAX_DRAINED_BYTES)
    while left and (piece := source.read(min(left, _MAX_LINE))):
        left -= len(piece)
    return None, size


def _read_chunks(source: BufferedIOBase, *, most: int) -> tuple[bytes | None, int]:
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            length = abs(int(source.readline(_MAX_LINE).partition(b";")[0], 16))
        except ValueError as error:
            raise Malformed(error) from None
        piece = source.read(length)
        source.readline(_MAX_LINE)
        if not length:
            return (b"".join(pieces) if size <= most else None), size
        size += length
        if size > _MAX_DRAINED_BYTES:
            raise Malformed(size)
        if size <= most:
            pieces.append(piece)
