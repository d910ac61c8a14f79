"""What an endpoint is given, and what it gives back.

Must not know sockets, keys, rates or faults: they are settled before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .meters import Received


@dataclass(frozen=True, slots=True)
class Call:
    """One request whose sender may make it; `names` are those in its path."""

    body: Any
    received: Received
    names: tuple[str, ...] = ()
    query: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is written out."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def refused(message: str, *, status: int = 400) -> Reply:
    """Refuse a request as a whole."""
    return Reply(status, {"message": message})
