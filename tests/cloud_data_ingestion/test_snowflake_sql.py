"""What Braze pulls, as Snowflake's SQL. A parser proves the form alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
import yaml

from tests.runner.rendering import MACROS, render_model, render_offered

FOLDER = MACROS.parent / "models" / "sync" / "cloud_data_ingestion"
VIEWS = sorted(FOLDER.glob("*.sql"))
USERS = {
    "external_id": ["external_id"],
    "email": ["email"],
    "user_alias": ["alias_name", "alias_label"],
}
KINDS = [
    *((kind, user) for kind in ("attributes", "events", "purchases") for user in USERS),
    *(("deletions", user) for user in ("external_id", "user_alias")),
    ("catalog", "external_id"),
]
REMEMBERED = [
    *("is_offered", "row_key", "change", "row_hash"),
    *("row_json", "user_hash", "problem"),
]


def shape(kind: str, user: str) -> list[str]:
    """Braze's columns, as its documentation has them."""
    if kind == "catalog":
        return ["updated_at", "id", "payload", "deleted"]
    return ["updated_at", *USERS[user], *([] if kind == "deletions" else ["payload"])]


def columns(sql: str) -> list[str]:
    statement = sqlglot.parse_one(sql, read="snowflake")
    assert isinstance(statement, sqlglot.exp.Query)
    return [column.alias_or_name for column in statement.selects]


@pytest.mark.parametrize("is_incremental", [False, True])
@pytest.mark.parametrize(("kind", "user"), KINDS)
def test_a_table_has_braze_s_columns_and_what_remembers_them(
    kind: str, user: str, *, is_incremental: bool
) -> None:
    sql = render_offered(
        "snowflake",
        "select * from db.sync.pending",
        user,
        meta={"cloud_data_ingestion": {"object": kind}},
        is_incremental=is_incremental,
    )

    assert columns(sql) == [*shape(kind, user), *REMEMBERED]
    assert ("db.main.this_model" in sql) == is_incremental


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_has_braze_s_columns_and_no_other(path: Path) -> None:
    models = yaml.safe_load(
        (FOLDER / "_cloud_data_ingestion__models.yml").read_text("utf-8")
    )["models"]
    table = f"{path.stem.replace('cdi_', 'braze_')}__offered"
    (config,) = (model["config"] for model in models if model["name"] == table)
    kind = config["meta"]["cloud_data_ingestion"]["object"]

    sql = render_model("snowflake", path, execute=True)

    assert columns(sql) == shape(kind, "external_id")
