"""The arithmetic of docs/scale.md is what its formula says, its figures are ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import rate_shares, shares, shares_world
from tests.snowflake.shop import STATEMENTS, STATEMENTS_A_SYNC

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
RUNS, IDLE, SMALL = 96, 60, 60
ROWS = re.findall(r"^\| (\d+) million \| ([\d.]+) GB \| (.*) \|$", PAGE, re.M)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[2][:7]}")
def test_each_row_follows_from_the_formula(row: tuple[str, str, str]) -> None:
    profiles, gigabytes = int(row[0]) * 1_000_000, float(row[1])
    numbers = [float(cell) for cell in row[2].split(" | ")[1:]]
    size, delta, fold, seconds, credits, at_once = numbers

    assert gigabytes == pytest.approx(profiles * 150 / 1e9)
    assert delta == pytest.approx(profiles / 1e6 / size)
    assert fold == pytest.approx(profiles * 150 / 1e8 / size)
    exact = delta + fold + SMALL
    assert seconds == pytest.approx(exact, abs=0.5)
    for idle, said in (IDLE, credits), (0, at_once):
        billed = RUNS * max(60, exact + idle) * size / 3600
        assert said == pytest.approx(billed, abs=0.05)


def test_there_are_rows_for_1_and_20_and_200_million() -> None:
    assert {row[0] for row in ROWS} == {"1", "20", "200"}


def test_the_warehouse_rests_as_soon_as_the_page_says() -> None:
    script = (ROOT / "examples" / "snowflake" / "grants.sql").read_text("utf-8")

    assert f"auto_suspend = {IDLE} " in script
    assert f"max(60, seconds + {IDLE} idle)" in PAGE


def test_small_statements_are_counted() -> None:
    """make snowflake counts them: tests/snowflake/test_push.py."""
    of_a_push, of_a_sync, sending = STATEMENTS, STATEMENTS_A_SYNC, 30

    assert (
        f"a push has {of_a_push}, and {of_a_sync} for each sync; {sending} more" in PAGE
    )
    at_15 = of_a_push + 15 * of_a_sync + sending
    assert f"are {at_15}; a quarter of a second each" in PAGE
    assert at_15 / 4 == pytest.approx(SMALL, abs=1)
    at_4 = (of_a_push + 4 * of_a_sync + sending) / 4
    assert f"the statements are {at_4:.0f} seconds" in " ".join(PAGE.split())


def test_what_is_simulated_is_what_the_page_says() -> None:
    said = " ".join(PAGE.split())

    assert f"{rate_shares.TRUSTED_SECONDS:g} of {rate_shares.LEASE_SECONDS:g} s" in said
    assert f"{rate_shares.SHARE_OF_LIMIT:.0%} of the limit" in said.replace(" %", "%")
    assert f"{shares.LIMIT:,} in {shares_world.WINDOW_SECONDS:g} seconds" in said
    crash, back = shares_world.CRASH_EVERY, shares_world.BACK_AFTER
    assert f"every {crash / 60:g} minutes on average" in said
    assert f"back after {back[0]:g} to {back[1]:g} seconds" in said
    assert f"for up to {shares_world.STALLED_FOR[1]:g} seconds, is cut off" in said
    assert f"minutes for up to {shares_world.CUT_OFF_FOR[1]:g};" in said
    assert f"up to {shares_world.WORST_SKEW:g} seconds wrong" in said
