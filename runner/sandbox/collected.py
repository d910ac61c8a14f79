"""Values of Movable Ink's collector: the account of a sender, and what has arrived.

Must not answer requests; `collector` does.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """What Movable Ink's team has set up for a sender."""

    key: str = "sandbox-account"
    username: str = "sandbox"
    password: str = "sandbox-password"  # noqa: S105 - for everybody to read
    most_events: int = 1_000
    """Events in one request; 1 where no batches are taken."""
    seconds: float = 0.0
    """How long an answer takes."""
    clock: Callable[[], float] | None = None
    """What time it is for the age of an event; the sandbox's own where it is None."""

    @property
    def authorization(self) -> str:
        """The ready value of the header, without `Basic `."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(slots=True)
class Collected:
    """What has arrived, and who is known by it."""

    events: list[dict[str, Any]] = field(default_factory=list)
    people: dict[str, set[str]] = field(default_factory=dict)
    """Anonymous id -> the users that an identify has said it is."""
    refused: dict[str, int] = field(default_factory=dict)
    """Reason -> requests refused for it."""
    unintroduced: int = 0
    """Events with both ids that no identify came before."""
