"""Writes answers out as JSON or HTML.

Must not decide what is answered.
"""

from __future__ import annotations

import json
from typing import Any, Final

from .wire import Answer

_HTML: Final = b"<html><body><h1>%s</h1></body></html>"
TOO_LARGE: Final = Answer(413, b"Request Entity Too Large", content_type="text/plain")
BROKEN: Final = Answer(500, b'{"message":"Internal Server Error"}')


def in_json(
    status: int, content: dict[str, Any], *, headers: dict[str, str] | None = None
) -> Answer:
    """Answer as an API does."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return Answer(status, body, headers=headers or {})


def in_html(status: int, title: bytes) -> Answer:
    """Answer as a proxy in between does."""
    return Answer(status, _HTML % title, content_type="text/html")
