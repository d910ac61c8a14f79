"""The demo shop, built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import shared
from tests.everything import everything

from .shop import Shop, collector, copy

__all__ = ["everything"]


@pytest.fixture(scope="session")
def demo(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The demo with its own web events; copy it, never change it."""

    def make(directory: Path) -> None:
        Shop(directory).build(everything)

    return Shop(shared(tmp_path_factory, "movable_ink", make))


@pytest.fixture(scope="session")
def empty(demo: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The demo without activities; copy it, never change it."""
    shop = copy(demo, tmp_path_factory.mktemp("empty") / "shop")
    shop.begin_empty()
    return shop


@pytest.fixture
def shop(empty: Shop, tmp_path: Path) -> Shop:
    """A shop of the test's own, whose site nobody has visited yet."""
    return copy(empty, tmp_path / "shop")


@pytest.fixture
def ink() -> Iterator[Sandbox]:
    """A collector that has received nothing."""
    with collector() as sandbox:
        yield sandbox
