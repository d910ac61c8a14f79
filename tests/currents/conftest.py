"""A project for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from .files import Desk, make_desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A project that has not loaded anything."""
    return make_desk(tmp_path / "shop")
