"""Every sync of the demo has the same pending rows on Snowflake and on DuckDB."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from .demo import Demo
from .tour import ENGINES, push_all
from .values import Rows, text_of

# Moments of the build itself, which two builds do not share.
BUILT_AT = {"braze_audience_groups__pending": "consented_at"}
COHORT_BUILT_AT = "created_at"
# Whom Braze was not told of is neither merged nor renamed.
WITHOUT_ROWS = {
    "braze_external_id_renames__pending",
    "braze_merges__pending",
}


def syncs(demo: Demo, engine: str) -> dict[str, str]:
    """Pending model -> its name in SQL."""
    return {
        node["name"]: node["relation_name"]
        for node in demo.nodes(engine)
        if "sync" in node["config"]["meta"]
    }


def without_moment(row: dict[str, Any], member: str) -> dict[str, Any]:
    """The row with the moment of the build told from none, wherever it stands."""
    for column in ("payload", "row_json"):
        if isinstance(row[column], dict) and member in row[column]:
            row[column][member] = True
    return row | {"sort_key": row.get("sort_key") is not None}


def compared(rows: Rows, sync: str) -> Rows:
    """The rows with JSON as its value, and without the engine's own hash."""
    told: Rows = Counter()
    for text, times in rows.items():
        row = json.loads(text)
        row["row_hash"] = bool(row["row_hash"])
        for column in ("payload", "row_json"):
            row[column] = row[column] and json.loads(row[column])
        if sync in BUILT_AT:
            row = without_moment(row, BUILT_AT[sync])
        elif row.get("operation") == "cohort":
            row = without_moment(row, COHORT_BUILT_AT)
        told[text_of(row)] += times
    return told


def test_every_sync_has_the_same_pending_rows_on_both_engines(demo: Demo) -> None:
    duckdb, snowflake = syncs(demo, "duckdb"), syncs(demo, "snowflake")
    found: dict[str, Any] = {}
    empty = set()

    for sync, relation in duckdb.items():
        ours = compared(demo.on_duckdb(f"select * from {relation}"), sync)
        theirs = compared(demo.on_snowflake(f"select * from {snowflake[sync]}"), sync)
        if not ours:
            empty.add(sync)
        if ours != theirs:
            found[sync] = [list(ours - theirs)[:2], list(theirs - ours)[:2]]

    assert found == {}
    assert empty == WITHOUT_ROWS


def test_braze_holds_the_same_whichever_engine_it_was_pushed_from(
    demo: Demo, tmp_path: Path
) -> None:
    """The last test of this file: what is pushed is not pending any more."""
    shutil.copytree(demo.directory / "duckdb", tmp_path / "duckdb")
    (tmp_path / "snowflake").symlink_to(demo.directory / "snowflake")
    profile = tmp_path / "duckdb" / "profiles.yml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text.replace(str(demo.directory), str(tmp_path)), "utf-8")
    copied = replace(demo, directory=tmp_path)

    ours, theirs = (push_all(copied, engine, tmp_path) for engine in ENGINES)

    assert {what: bool(ours[what]) for what in ours} == dict.fromkeys(ours, True)
    assert len(ours["profiles"]) > 300
    assert len(ours["collected"]) > 400
    assert {what for what in ours if ours[what] != theirs[what]} == set()
