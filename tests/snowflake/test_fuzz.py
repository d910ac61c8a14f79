"""What DuckDB and Snowflake would send of the same rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import fuzz
from .conftest import Emulator

ROWS = 600


def test_the_engines_would_send_the_same(emulator: Emulator, tmp_path: Path) -> None:
    """`python -m tests.snowflake.fuzz 20000` does the same with more rows."""
    engines = fuzz.build(tmp_path, emulator.access("FUZZ"))

    assert list(fuzz.fuzz(engines, ROWS, seed=0)) == []


@pytest.mark.account
@pytest.mark.skipif(
    "SNOWFLAKE_ACCOUNT" not in os.environ, reason="no SNOWFLAKE_ACCOUNT"
)
def test_the_account_would_send_the_same(tmp_path: Path) -> None:
    """What the emulator cannot prove: Snowflake's own JSON, floats, zones and hashes."""
    engines = fuzz.build(tmp_path, fuzz.account())

    assert list(fuzz.fuzz(engines, 20_000, seed=0)) == []
