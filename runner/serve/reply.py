"""What the server answers: the codes of its errors, and a reply of any kind.

Every error is `{"error": a sentence, "code": a word, "docs": where it is explained}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Headers = list[tuple[str, str]]

JSON = "application/json"
ALLOW = "GET, HEAD"
_DOCS = "docs/personalization.md#errors"

COMMON: Headers = [
    ("server", "braze-bridge"),
    ("x-content-type-options", "nosniff"),
]
"""In every reply; a request id is added to them."""


class RequestHeaders(Protocol):
    """The headers of a request, by lower-case name."""

    def get(self, key: str, default: str | None = None) -> str | None: ...

    def get_all(self, key: str) -> list[str]: ...


class Request(Protocol):
    """What is read of a request; RSGI's scope is one. The path is percent-decoded."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def query_string(self) -> str: ...

    @property
    def headers(self) -> RequestHeaders: ...


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a request went, as logs and metrics name it; never what it asked for.

    One object for each place, compared by identity: one is looked up for every request.
    """

    route: str
    collection: str = ""
    index: str = ""


class Reply(NamedTuple):
    """A status, headers, a body, and what is told of them elsewhere."""

    status: int
    headers: Headers
    body: bytes
    place: Place
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: its status, its sentence, and the headers that belong to it."""

    status: int
    code: str
    text: str
    more: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """The JSON text of the error."""
        said = {"error": self.text, "code": self.code, "docs": _DOCS}
        return json.dumps(said).encode()

    @property
    def headers(self) -> Headers:
        """Headers that are the same whenever it is answered."""
        always = [("content-type", JSON), ("cache-control", "no-store")]
        return [*COMMON, *always, *self.more]


_BEARER = ("www-authenticate", 'Bearer realm="personalization"')

BAD_URL = Problem(
    400, "bad_url", "The URL is not percent-encoded UTF-8, or has a query (?) in it."
)
UNAUTHORIZED = Problem(
    401,
    "unauthorized",
    "Send one header 'Authorization: Bearer KEY' with a key that is valid now.",
    (_BEARER,),
)
NO_ROUTE = Problem(404, "no_route", "There is nothing at this path.")
UNKNOWN = Problem(404, "unknown", "There is no such collection or index for this key.")
NO_RECORD = Problem(404, "no_record", "No record has this value.")
NOT_ALLOWED = Problem(
    405, "method_not_allowed", "Only GET and HEAD are answered.", (("allow", ALLOW),)
)
GONE = Problem(410, "gone", "The record was removed.")
TOO_LONG = Problem(414, "url_too_long", "The URL is longer than 2,048 characters.")
TOO_MANY = Problem(
    429,
    "too_many_strangers",
    "Too many requests came without a valid key. With one, this is never answered.",
    (("retry-after", "1"),),
)
FAULT = Problem(500, "fault", "The server has a fault; its log says which.")
STORE_UNAVAILABLE = Problem(
    503, "store_unavailable", "The store cannot be read now; the server's log says why."
)
NOT_READY = Problem(503, "not_ready", "The data is missing or too old.")

PROBLEMS = (
    *(BAD_URL, UNAUTHORIZED, NO_ROUTE, UNKNOWN, NO_RECORD, NOT_ALLOWED, GONE),
    *(TOO_LONG, TOO_MANY, FAULT, STORE_UNAVAILABLE, NOT_READY),
)
