"""All that the demo can switch on is built twice, and every test of a model passes."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from .everything import DATABASE, everything

__all__ = ["everything"]

PULLED = "cdi_", "__offered"
"""How models begin or end that Braze pulls, which is instead of a push."""


def test_every_model_is_built_and_passes_its_tests(everything: Path) -> None:
    """The build itself fails where a test does, or where dbt has to warn."""
    manifest = json.loads((everything / "target" / "manifest.json").read_text("utf-8"))
    models = {
        node["relation_name"].replace('"', "")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    with duckdb.connect(str(everything / DATABASE), read_only=True) as warehouse:
        built = warehouse.execute(
            "select table_catalog || '.' || table_schema || '.' || table_name "
            "from information_schema.tables"
        ).fetchall()

    assert models
    assert models - {name for (name,) in built} == set()
    names = [key.split(".")[-1] for key in manifest["disabled"]]
    begins, ends = PULLED
    assert [n for n in names if not (n.startswith(begins) or n.endswith(ends))] == []
