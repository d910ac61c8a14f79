"""What a workspace keeps under Settings > Connected Content, by name."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Token:
    """Token authentication: headers that are sent to one domain and to no other."""

    headers: dict[str, str] = field(repr=False)
    domain: str

    def headers_for(self, url: str) -> dict[str, str] | None:
        """The headers for a call of this URL; None where it is not allowed."""
        host = urlsplit(url).hostname or ""
        return dict(self.headers) if host == self.domain.lower() else None


@dataclass(frozen=True, slots=True)
class Basic:
    """Basic authentication: a name and a password, for whatever URL names them."""

    username: str
    password: str = field(repr=False)

    def headers_for(self, _: str) -> dict[str, str] | None:
        """The header for a call of any URL."""
        text = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {text}"}
