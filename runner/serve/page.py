"""The page at `/`: one file, whose own script and style are all that a browser runs."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from .reply import Headers

PAGE = Path(__file__).with_name("page.html").read_bytes()


def _hash_of(tag: bytes) -> str:
    """What the policy says of the text between <tag> and </tag>."""
    found = re.search(rb"<%b>(.*?)</%b>" % (tag, tag), PAGE, re.DOTALL)
    text = found[1] if found else b""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"


_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_hash_of(b'script')}",
        f"style-src {_hash_of(b'style')}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

PAGE_HEADERS: Headers = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-cache"),
    ("content-security-policy", _POLICY),
    ("referrer-policy", "no-referrer"),
]
