"""Turns a tag whose Liquid is rendered into a request and how to treat its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from .credentials import Basic, Token
from .kept import seconds_kept
from .message import Abort
from .wire import Request
from .written import WrongTag

Credentials = Mapping[str, Basic | Token]

# The hash changes from time to time.
USER_AGENT = "Braze Sender 75e404755ae1270441f07eb238f0faf25e44dfdc"

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, for how many seconds its answer is kept, and whether to try again."""

    request: Request
    kept_seconds: int
    is_retried: bool


def ask(url: str, options: Mapping[str, str], credentials: Credentials) -> Asked:
    """Build the request; raises WrongTag, Abort as Braze would."""
    method = options.get("method", "get").upper()
    if method not in {"GET", "POST"}:
        msg = f"':method' is get or post, not '{options['method']}'."
        raise WrongTag(msg)
    content_type = options.get("content_type")
    headers = {"User-Agent": USER_AGENT, "Accept": content_type or "*/*"}
    body = None
    if method == "POST":
        content_type = content_type or FORM
        body = _body(options.get("body", ""), content_type)
    headers["Content-Type"] = content_type or JSON
    headers |= _written_headers(options.get("headers"))
    headers |= _stored_headers(url, options, credentials)
    kept = seconds_kept(
        method, options.get("cache_max_age"), no_cache="no_cache" in options
    )
    return Asked(Request(method, url, headers, body), kept, "retry" in options)


def _body(text: str, content_type: str) -> bytes:
    """A form that is to leave as JSON is made JSON; everything else leaves as it is."""
    if content_type == JSON and not text.lstrip().startswith(("{", "[")):
        text = json.dumps(dict(parse_qsl(text, keep_blank_values=True)))
    return text.encode()


def _written_headers(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = "':headers' must be a JSON object: no comma after its last member."
        raise WrongTag(msg)
    return {name: str(value) for name, value in found.items()}


def _stored_headers(
    url: str, options: Mapping[str, str], credentials: Credentials
) -> dict[str, str]:
    headers: dict[str, str] = {}
    for option, kind in (("basic_auth", Basic), ("auth_credentials", Token)):
        name = options.get(option)
        if name is None:
            continue
        found = credentials.get(name)
        if found is None or not isinstance(found, kind):
            msg = f"There is no credential '{name}' for :{option}."
            raise Abort(msg)
        allowed = found.headers_for(url)
        if allowed is None:
            msg = f"The credential '{name}' is not for this domain."
            raise Abort(msg)
        headers |= allowed
    return headers
