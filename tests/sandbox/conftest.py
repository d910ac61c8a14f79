"""Holds how the sandbox's tests talk to it: over HTTP, as a runner would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import requests

from runner.sandbox import Sandbox

KEY = {"Authorization": "Bearer sandbox-key"}
ORDER = {
    "external_id": "a",
    "name": "ecommerce.order_placed",
    "time": "2026-01-01T10:00:00Z",
    "properties": {
        "order_id": "o1",
        "total_value": 19.0,
        "currency": "EUR",
        "source": "shop",
        "products": [
            {
                "product_id": "p1",
                "product_name": "Tyre",
                "variant_id": "v1",
                "quantity": 2,
                "price": 9.5,
            }
        ],
    },
}


class Track(Protocol):
    """Send attributes (or other arrays) and return the answer."""

    def __call__(
        self, *attributes: dict[str, Any], **arrays: Any
    ) -> requests.Response: ...


@pytest.fixture
def start() -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes that stop with the test."""
    started: list[Sandbox] = []

    def start_one(**options: Any) -> Sandbox:
        sandbox = Sandbox(**options)
        sandbox.start()
        started.append(sandbox)
        return sandbox

    yield start_one
    for sandbox in started:
        sandbox.stop()


@dataclass
class Clock:
    """A clock that moves when a test says so."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at rest."""
    return Clock()


@pytest.fixture
def sandbox(start: Callable[..., Sandbox]) -> Sandbox:
    """Start a sandbox without options."""
    return start()


@pytest.fixture
def track(sandbox: Sandbox) -> Track:
    """Send to the sandbox without options."""
    return tracker(sandbox)


def tracker(sandbox: Sandbox) -> Track:
    """Return a function that sends to this sandbox over one connection."""
    session = requests.Session()
    session.headers.update(KEY)

    def send(*attributes: dict[str, Any], **arrays: Any) -> requests.Response:
        body = arrays or {"attributes": list(attributes)}
        return session.post(
            f"{sandbox.url}/users/track", json=body, timeout=5, allow_redirects=False
        )

    return send


def post(sandbox: Sandbox, path: str, **options: Any) -> requests.Response:
    """Send one request with the good key, unless options say otherwise."""
    options.setdefault("headers", KEY)
    return requests.post(
        f"{sandbox.url}{path}", timeout=5, allow_redirects=False, **options
    )


def customer(number: int = 1, **attributes: Any) -> dict[str, Any]:
    """Build one attributes object."""
    return {"external_id": f"customer-{number}", **attributes}
