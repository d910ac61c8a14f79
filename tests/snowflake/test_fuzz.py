"""What DuckDB and Snowflake would send of the same rows."""

from __future__ import annotations

from pathlib import Path

from .access import Emulator
from .fuzz import fuzz
from .fuzz_project import opened

ROWS = 600


def test_the_engines_would_send_the_same(
    emulator: Emulator, fuzz_project: Path
) -> None:
    """`python -m tests.snowflake.fuzz 20000` does the same with more rows."""
    engines = opened(fuzz_project, emulator.access("FUZZ"))

    assert list(fuzz(engines, ROWS, seed=0)) == []
