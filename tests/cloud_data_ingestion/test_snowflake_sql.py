"""What Braze pulls, as Snowflake's SQL. A parser proves the form alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
import yaml

from tests.runner.rendering import MACROS, CompilerError, render_model

FOLDER = MACROS.parent / "models" / "sync" / "cloud_data_ingestion"
CONFIGS = {
    model["name"]: model["config"]
    for model in yaml.safe_load(
        (FOLDER / "_cloud_data_ingestion__models.yml").read_text("utf-8")
    )["models"]
}
TABLES = sorted((FOLDER / "offered").glob("*.sql"))
VIEWS = sorted(FOLDER.glob("*.sql"))
HIDDEN = [
    "is_offered",
    "row_key",
    "change",
    "row_hash",
    "row_json",
    "user_hash",
    "problem",
]
SHAPES = {
    "attributes": ["updated_at", "external_id", "payload"],
    "events": ["updated_at", "external_id", "payload"],
    "purchases": ["updated_at", "external_id", "payload"],
    "catalog": ["updated_at", "id", "payload", "deleted"],
    "deletions": ["updated_at", "external_id"],
}


def columns(sql: str) -> list[str]:
    statement = sqlglot.parse_one(sql, read="snowflake")
    assert isinstance(statement, sqlglot.exp.Query)
    return [column.alias_or_name for column in statement.selects]


@pytest.mark.parametrize("is_incremental", [False, True])
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_has_braze_s_columns_and_what_remembers_them(
    path: Path, *, is_incremental: bool
) -> None:
    meta = CONFIGS[path.stem]["meta"]
    try:
        sql = render_model(
            "snowflake", path, execute=True, meta=meta, is_incremental=is_incremental
        )
    except CompilerError as error:
        pytest.skip(str(error))
    shape = SHAPES[meta["cloud_data_ingestion"]["object"]]
    assert columns(sql) == [*shape, *HIDDEN]
    assert ("db.main.this_model" in sql) == is_incremental


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_has_braze_s_columns_and_no_other(path: Path) -> None:
    table = f"{path.stem.replace('cdi_', 'braze_')}__offered"
    kind = CONFIGS[table]["meta"]["cloud_data_ingestion"]["object"]
    assert columns(render_model("snowflake", path, execute=True)) == SHAPES[kind]
