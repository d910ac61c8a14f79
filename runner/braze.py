"""The HTTP side: one lane sends one request and reads the answer.

Every request has bounds in time and size; redirects, .netrc and proxies from the
environment do not apply. Nothing of a request or an answer is ever logged here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from .settings import Limits

MAX_ANSWER = 1_048_576
"""Bytes of an answer that are read; Braze's are far below a kilobyte."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` 0 means that no whole answer did."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str = ""
    """Why there is no answer, in words without a secret."""
    sent: bool = True
    """Whether a byte may have reached Braze: without one nothing can be applied."""


class Lane:
    """One keep-alive connection to a destination, used by one thread."""

    def __init__(
        self, endpoint: str, key: str, limits: Limits, scheme: str = "Bearer"
    ) -> None:
        # The adapter alone: what a Session adds (cookies, redirects, .netrc, proxies of
        # the environment) must not apply, and costs a quarter of each request.
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._limits = limits
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "braze-bridge",
        }
        if key:
            headers["Authorization"] = f"{scheme} {key}"
        self._endpoint = endpoint
        self._request = requests.Request(
            "POST", endpoint, headers=headers, data=b"{}"
        ).prepare()

    def send(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send one request and return its answer; the network's faults are answers too.

        `path` is joined to the endpoint as it is: it holds no character to escape.
        """
        self._request.method = method
        self._request.url = self._endpoint + path
        self._request.body = body
        self._request.headers["Content-Length"] = str(len(body))
        started = time.monotonic()
        try:
            response = self._adapter.send(
                self._request,
                timeout=(self._limits.connect_timeout, self._limits.read_timeout),
                stream=True,
            )
        except requests.RequestException as error:
            failure, sent = _failure(error)
            return Answer(0, failure=failure, sent=sent)
        try:
            content = self._read(response, started + self._limits.total_timeout)
        except (requests.RequestException, HTTPError, OSError) as error:
            response.close()
            content, (failure, _) = b"", _failure(error)
        else:
            failure = ""
        if content is None:
            response.close()
            content, failure = b"", "the answer came too slowly or was too large"
        # Status and headers count without the body: a 429 still says when to return.
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, content, failure)

    def _read(self, response: requests.Response, deadline: float) -> bytes | None:
        """Read the whole answer; None when it passes its bounds in time or size.

        Raises the transport's error when the connection breaks before the promised
        length: half an answer is no answer.
        """
        content = b""
        while True:
            chunk: bytes = response.raw.read1(MAX_ANSWER, decode_content=False)
            if not chunk:
                break
            content += chunk
            if len(content) > MAX_ANSWER or time.monotonic() > deadline:
                return None
        promised = response.headers.get("Content-Length", "")
        if promised.isdigit() and int(promised) != len(content):
            msg = "the answer was cut off"
            raise OSError(msg)
        response.raw.release_conn()
        return content

    def close(self) -> None:
        """Close the connection."""
        self._adapter.close()


def _failure(error: Exception) -> tuple[str, bool]:
    """A cause in our words, and whether a byte may have left.

    The library's texts hold URLs and headers, so they are only looked at.
    """
    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        is_handshake = "CERTIFICATE" in text.upper() or "HANDSHAKE" in text.upper()
        return "the TLS certificate or handshake was refused", not is_handshake
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection within the timeout", False
    if isinstance(error, requests.exceptions.ReadTimeout):
        return "no answer within the timeout", True
    for sign, words in _NO_CONNECTION.items():
        if sign in text:
            return words, False
    return "the connection broke before the answer was whole", True


_NO_CONNECTION = {
    "NameResolutionError": "the host name is unknown",
    "getaddrinfo": "the host name is unknown",
    "Connection refused": "the connection was refused",
    "NewConnectionError": "no connection could be made",
}
