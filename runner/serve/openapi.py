"""The description of the API, as OpenAPI 3.1: every route, status and header.

The same for every store: collections are not named in it, since anyone may read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .. import __version__
from .records import RECORD
from .reply import JSON, PROBLEMS

_OPEN: list[dict[str, list[str]]] = []
_WITH_KEY: list[dict[str, list[str]]] = [{"key": []}]

_HEADERS = {
    "X-Request-Id": ("string", "Names the request in the access log."),
    "X-Content-Type-Options": ("string", "Always `nosniff`."),
    "Cache-Control": ("string", "How long the answer may be kept, and by whom."),
    "Vary": ("string", "Keys of other fields get other bodies at the same URL."),
    "Collection-Version": ("integer", "Rises by one with each push."),
    "Collection-Built-At": ("string", "When the models were built, in UTC."),
    "Collection-Age": ("integer", "Seconds since the models were built."),
    "ETag": ("string", "Changes with the body; send it back as If-None-Match."),
    "WWW-Authenticate": ("string", "How to send a key."),
    "Retry-After": ("integer", "Seconds after which to try again."),
    "Content-Security-Policy": ("string", "The page loads nothing from elsewhere."),
    "Referrer-Policy": ("string", "Always `no-referrer`."),
}
_ALWAYS = ("X-Request-Id", "X-Content-Type-Options", "Cache-Control")
_OF_A_VERSION = ("Vary", "Collection-Version", "Collection-Built-At", "Collection-Age")
_OF_A_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",)}
_TEXTS = {
    200: "Found.",
    304: "Not changed since the ETag in If-None-Match.",
    404: "There is no such record, collection or index; or the key may not see it.",
    503: "The data cannot be answered now.",
}
_TEXT = r"^[^\x00\uFFFD]+$"
_FAILURES = (400, 414, 429, 500, 503)
"""What may come of any request but a health check."""


def document() -> dict[str, Any]:
    """Return the description as JSON values."""
    error = {
        "type": "object",
        "required": ["error", "code", "docs"],
        "additionalProperties": False,
        "properties": {
            "error": {"type": "string", "description": "One sentence."},
            "code": {"type": "string", "enum": [each.code for each in PROBLEMS]},
            "docs": {"type": "string", "description": "Where it is explained."},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Personalization API",
            "version": __version__,
            "description": "Records of collections, for Braze's Connected Content. "
            "A head that is no HTTP, or too long to be read, is answered 400, 414 or "
            "431 without a body.",
        },
        "paths": {
            RECORD: _record(),
            "/v1/collections": _path(
                "The collections that the key may see", _collections(), _WITH_KEY
            ),
            "/healthz": _path("Whether the server runs", _status("ok"), also=()),
            "/readyz": _path(
                "Whether there is data, fresh enough", _status("ready"), also=(503,)
            ),
            "/metrics": _path("Metrics for Prometheus", _text("text/plain"), _WITH_KEY),
            "/openapi.json": _path("This description", _json({"type": "object"})),
            "/": _path(
                "A page that looks records up",
                _text("text/html"),
                headers=("Content-Security-Policy", "Referrer-Policy"),
            ),
        },
        "components": {
            "schemas": {"Error": error},
            "headers": {name: _header(*each) for name, each in _HEADERS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _path(
    summary: str,
    content: dict[str, Any],
    security: list[dict[str, list[str]]] = _OPEN,
    *,
    also: Iterable[int] = _FAILURES,
    headers: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The two methods of a resource without parameters."""
    failures = (*also, *((401,) if security else ()))
    responses = {"200": _response(200, content, headers)} | _errors(failures)
    return _methods(summary, responses, security)


def _record() -> dict[str, Any]:
    parameters = [
        _parameter("collection", "A collection's name.", "^[A-Za-z0-9_]+$"),
        _parameter(
            "index", "The key's column, or a further index's.", r"^[^/\x00\uFFFD]+$"
        ),
        _parameter("value", "A value of the index, percent-encoded once.", _TEXT),
        {
            "name": "If-None-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "ETags that the caller has.",
        },
    ]
    found = _response(200, _json({"type": "object"}), (*_OF_A_VERSION, "ETag"))
    same = _response(304, None, (*_OF_A_VERSION, "ETag"))
    responses = {"200": found, "304": same, **_errors((401, 404, 410, *_FAILURES))}
    for status in ("404", "410"):
        responses[status]["headers"] |= _headers(_OF_A_VERSION, required=False)
    operation = _methods("A record, or the records of a list", responses, _WITH_KEY)
    return {"parameters": parameters, **operation}


def _methods(
    summary: str, responses: dict[str, Any], security: list[dict[str, list[str]]]
) -> dict[str, Any]:
    bare = {
        status: {name: each for name, each in response.items() if name != "content"}
        for status, response in responses.items()
    }
    shared = {"summary": summary, "security": security}
    return {
        "get": {**shared, "responses": responses},
        "head": {**shared, "responses": bare},
    }


def _errors(statuses: Iterable[int]) -> dict[str, Any]:
    said = {each.status: each.text for each in PROBLEMS} | _TEXTS
    content = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        str(status): _response(status, content, _OF_A_STATUS.get(status, ()), said)
        for status in statuses
    }


def _response(
    status: int,
    content: dict[str, Any] | None,
    headers: tuple[str, ...] = (),
    texts: dict[int, str] = _TEXTS,
) -> dict[str, Any]:
    answered: dict[str, Any] = {
        "description": texts[status],
        "headers": _headers((*_ALWAYS, *headers)),
    }
    return answered | ({"content": content} if content else {})


def _headers(names: Iterable[str], *, required: bool = True) -> dict[str, Any]:
    if required:
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {name: _header(*_HEADERS[name], required=False) for name in names}


def _header(kind: str, text: str, *, required: bool = True) -> dict[str, Any]:
    return {"description": text, "required": required, "schema": {"type": kind}}


def _parameter(name: str, text: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 512, "pattern": pattern}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": schema,
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


def _text(kind: str) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string"}}}


def _status(word: str) -> dict[str, Any]:
    status = {"type": "string", "const": word}
    properties = {"status": status, "collections": {"type": "integer"}}
    schema = {"type": "object", "required": ["status"], "properties": properties}
    return _json(schema | {"additionalProperties": False})


def _collections() -> dict[str, Any]:
    text, number = {"type": "string"}, {"type": "integer"}
    index = {
        "type": "object",
        "required": ["name", "list"],
        "properties": {"name": text, "list": {"type": "boolean"}},
    }
    properties = {
        "collection": text,
        "indexes": {"type": "array", "items": index},
        "columns": {"type": "array", "items": text},
        "records": number,
        "version": number,
        "built_at": {"type": "string", "format": "date-time"},
    }
    entry = {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }
    listed = {"collections": {"type": "array", "items": entry}}
    return _json({"type": "object", "required": ["collections"], "properties": listed})


DOCUMENT = json.dumps(document()).encode()
