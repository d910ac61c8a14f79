"""Requests that two servers in a row might cut at different places.

Each begins an HTTP conversation; a plain request that asks to close follows it. What is
hidden in it is a whole request for what nginx refuses, with a good key: whoever takes a
part of the first request for one of its own answers that.
"""

from __future__ import annotations

_HOST = b"Host: 127.0.0.1\r\n"
_PLACE = b"/v1/collections/products/records/sku/s1"


def _get(*headers: bytes, body: bytes = b"", method: bytes = b"GET") -> bytes:
    lines = b"".join(each + b"\r\n" for each in headers)
    return method + b" " + _PLACE + b" HTTP/1.1\r\n" + _HOST + lines + b"\r\n" + body


def corpus(inner: bytes) -> dict[str, bytes]:
    """Requests by what is odd about them; `inner` is a whole request."""
    size = str(len(inner)).encode()
    chunk = f"{len(inner):x}\r\n".encode() + inner + b"\r\n0\r\n\r\n"
    none = b"0\r\n\r\n"
    length = b"Content-Length: "
    chunked = b"Transfer-Encoding: chunked"
    return {
        "body by length": _get(length + size, body=inner),
        "body in chunks": _get(chunked, body=chunk),
        "length and chunks": _get(length + size, chunked, body=none + inner),
        "chunks and length": _get(chunked, length + b"4", body=chunk),
        "post of both": _get(length + size, chunked, body=none + inner, method=b"POST"),
        "two lengths": _get(length + b"0", length + size, body=inner),
        "two equal lengths": _get(length + size, length + size, body=inner),
        "list of lengths": _get(length + b"0, " + size, body=inner),
        "length with a sign": _get(length + b"+" + size, body=inner),
        "negative length": _get(length + b"-1", body=inner),
        "hexadecimal length": _get(length + b"0x10", body=inner),
        "length of 21 digits": _get(length + b"1" * 21, body=inner),
        "blank before the colon": _get(b"Content-Length : " + size, body=inner),
        "blank before chunked": _get(b"Transfer-Encoding : chunked", body=chunk),
        "folded header": _get(b"X: a\r\n " + length + size, body=inner),
        "folded coding": _get(b"Transfer-Encoding:\r\n chunked", body=chunk),
        "bare line feeds": _get(length + size, body=inner).replace(b"\r\n", b"\n"),
        "line feed in a header": _get(b"X: a\nContent-Length: " + size, body=inner),
        "carriage return in a header": _get(b"X: a\rTransfer-Encoding: chunked"),
        "zero in a header": _get(b"X: a\0b", length + size, body=inner),
        "unknown coding": _get(b"Transfer-Encoding: xchunked", body=chunk),
        "coding twice": _get(chunked, b"Transfer-Encoding: identity", body=chunk),
        "coding with a tab": _get(b"Transfer-Encoding:\tchunked", body=chunk),
        "chunk extension": _get(
            chunked, body=chunk.replace(b"\r\n", b";a=b\nX\r\n", 1)
        ),
        "chunk of too many digits": _get(chunked, body=b"f" * 17 + b"\r\n" + inner),
        "chunk without its end": _get(chunked, body=b"2\r\nabcd" + none + inner),
        "trailer": _get(chunked, body=b"0\r\nContent-Length: " + size + b"\r\n\r\n"),
        "underscore for a hyphen": _get(b"Content_Length: " + size, body=inner),
        "upgrade": _get(b"Connection: Upgrade", b"Upgrade: h2c", body=inner),
        "hop by hop": _get(b"Connection: content-length", length + size, body=inner),
        "version of the future": _get().replace(b"HTTP/1.1", b"HTTP/1.2"),
        "space in the URL": _get().replace(b"/s1 ", b"/s1 HTTP/1.1 "),
        "whole URL": _get().replace(b"GET /", b"GET https://elsewhere/"),
        "two hosts": _get(b"Host: elsewhere"),
        "expectation": _get(b"Expect: 100-continue", length + size, body=inner),
    }
