"""Every mart of the demo has the same rows on Snowflake's emulator and on DuckDB."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from .demo import Demo
from .values import Rows

# Moments of the build itself, which two builds do not share.
BUILT_AT = {
    "audience_holdout_memberships": "entered_at",
    "audience_memberships": "entered_at",
    "braze_audience_groups": "consented_at",
    "engagement_deleted_users": "suppressed_at",
}
# Whoever is in an audience joined it now, and the campaign was before.
WITHOUT_ROWS = {"engagement_lift"}


def marts(demo: Demo, engine: str) -> dict[str, str]:
    """Mart, or what is staged of Currents -> its name in SQL."""
    return {
        node["name"]: node["relation_name"]
        for node in demo.nodes(engine)
        if node["resource_type"] == "model"
        and (node["fqn"][1] == "marts" or "currents" in node["fqn"])
    }


def without(rows: Rows, column: str | None) -> Rows:
    """The rows with a moment told from none, and no more of it said."""
    told: Rows = Counter()
    for text, times in rows.items():
        row = json.loads(text)
        if column:
            row[column] = row[column] is not None
        told[json.dumps(row, sort_keys=True)] += times
    return told


def test_every_mart_has_the_same_rows_on_both_engines(demo: Demo) -> None:
    duckdb, snowflake = marts(demo, "duckdb"), marts(demo, "snowflake")
    found: dict[str, Any] = {}
    empty = set()

    for mart, relation in duckdb.items():
        column = BUILT_AT.get(mart)
        ours = without(demo.on_duckdb(f"select * from {relation}"), column)
        theirs = without(demo.on_snowflake(f"select * from {snowflake[mart]}"), column)
        if not ours:
            empty.add(mart)
        if ours != theirs:
            found[mart] = [list(ours - theirs)[:2], list(theirs - ours)[:2]]

    assert found == {}
    assert empty == WITHOUT_ROWS
