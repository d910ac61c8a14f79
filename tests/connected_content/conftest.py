"""A server and a workspace for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.connected_content import Workspace

from .places import Place, serve


@pytest.fixture
def place() -> Iterator[Place]:
    found = Place()
    server = serve(found)
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(seconds=0.25)
