"""examples/snowflake/grants.sql gives each role what it needs, and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

ROOT = Path(__file__).parents[1]
SCRIPT = (ROOT / "examples" / "snowflake" / "grants.sql").read_text("utf-8")
PREFIX = "analytics.bridge"
READS = {"select"}
WRITES = {"select", "insert", "update", "delete"}
MAKES = {"usage", "create table", "create view"}

# The parser takes these for commands that it does not know, and of others a part.
UNPARSED = (
    r"create (user|warehouse|role) if not exists \w+|use role \w+|grant role \w+ to"
)


def statements() -> Iterator[str]:
    text = "\n".join(line for line in SCRIPT.splitlines() if line[:2] != "--")
    return (" ".join(each.split()) for each in text.split(";") if each.strip())


def grants() -> dict[tuple[str, str, str], set[str]]:
    """(role, kind, name) -> privileges; future and all are one kind, if both stand."""
    seen: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(dict)
    form = re.compile(
        r"grant (?P<privileges>[\w, ]+) on (?:(?P<when>all|future) )?"
        r"(?P<kind>\w+)(?: in schema)? (?P<name>[\w.]+) to role (?P<role>\w+)"
    )
    for statement in statements():
        found = form.fullmatch(statement)
        if statement.startswith("grant role"):
            continue
        assert found or not statement.startswith("grant"), statement
        if found:
            place = (found["role"], found["kind"], found["name"])
            privileges = set(found["privileges"].split(", "))
            assert (found["when"] or "") not in seen[place], statement
            seen[place][found["when"] or ""] = privileges
    for place, by_time in seen.items():
        # One without the other fails at the first or at the second build.
        assert set(by_time) in ({""}, {"all", "future"}), place
        assert len({frozenset(each) for each in by_time.values()}) == 1, place
    return {place: next(iter(by_time.values())) for place, by_time in seen.items()}


def schemas(config: Any) -> Iterator[str]:
    """The schemas that dbt makes, by dbt_project.yml."""
    for key, value in config.items():
        if key == "+schema":
            yield f"{PREFIX}_{value}" if value else PREFIX
        elif isinstance(value, dict):
            yield from schemas(value)


def made() -> set[str]:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))
    return {*schemas(project["models"]), *schemas(project["seeds"])}


@pytest.mark.parametrize("statement", list(statements()), ids=lambda text: text[:60])
def test_every_statement_is_snowflakes(statement: str) -> None:
    if re.match(UNPARSED, statement):
        return
    statement = statement.removesuffix(" with managed access")
    statement = re.sub(r" (all|future) (table|view)s in schema ", r" \2 ", statement)
    parsed = sqlglot.parse_one(statement, read="snowflake")
    assert isinstance(parsed, exp.Grant | exp.Create), statement


def test_every_schema_that_dbt_fills_is_there_and_dbt_s() -> None:
    """A schema that is new in dbt_project.yml must come here, too."""
    created = set(re.findall(r"create schema if not exists (\S+)", SCRIPT))
    dbt = {
        name
        for (role, kind, name), privileges in grants().items()
        if (role, kind) == ("transformer", "schema") and privileges == MAKES
    }

    assert dbt == made()
    # Currents' is filled by what loads it: examples/currents/snowflake.sql.
    assert created - dbt == {f"{PREFIX}_currents"}


def test_the_runner_reads_models_and_writes_the_ledger_alone() -> None:
    ours = {
        (kind, name.removeprefix(PREFIX)): privileges
        for (role, kind, name), privileges in grants().items()
        if role == "braze_runner"
    }

    assert ours == {
        ("warehouse", "transforming"): {"usage"},
        ("database", "analytics"): {"usage"},
        ("schema", ""): {"usage"},
        ("schema", "_staging"): {"usage"},
        ("tables", "_staging"): READS,
        ("views", "_staging"): READS,
        ("schema", "_intermediate"): {"usage"},
        ("tables", "_intermediate"): READS,
        ("views", "_intermediate"): READS,
        ("schema", "_marts"): {"usage"},
        ("tables", "_marts"): READS,
        ("views", "_marts"): READS,
        ("schema", "_sync"): {"usage"},
        ("views", "_sync"): READS,
        ("schema", "_currents"): {"usage"},
        ("tables", "_currents"): READS,
        ("schema", "_ledger"): {"usage", "create table"},
        ("tables", "_ledger"): WRITES,
    }


def test_whoever_may_push_sees_the_outboxes_of_the_other() -> None:
    """One that is not seen would look as if a run had left none."""
    assert grants()["transformer", "tables", f"{PREFIX}_ledger"] == READS


def test_the_ledger_s_schema_holds_every_ledger_model_and_no_other() -> None:
    """The grant is on the schema: a mart that came into it could be written."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))
    sync = project["models"]["braze_bridge"]["sync"]

    assert sync["ledger"]["+schema"] == "ledger"
    assert [*schemas(project["models"])].count(f"{PREFIX}_ledger") == 1
    assert {path.parent.name for path in (ROOT / "models").glob("**/ledger_*.sql")} == {
        "ledger"
    }


def test_braze_reads_the_views_that_are_made_for_it() -> None:
    assert {
        (kind, name): privileges
        for (role, kind, name), privileges in grants().items()
        if role == "braze_pull"
    } == {
        ("warehouse", "braze_pulling"): {"usage"},
        ("database", "analytics"): {"usage"},
        ("schema", f"{PREFIX}_cloud_data_ingestion"): {"usage"},
        ("views", f"{PREFIX}_cloud_data_ingestion"): READS,
    }


def test_whoever_signs_in_has_a_warehouse() -> None:
    """A session without one can query nothing."""
    users = re.findall(
        r"default_role = (\w+) default_warehouse = (\w+)", " ".join(statements())
    )

    assert {role for role, _ in users} == {"transformer", "braze_runner", "braze_pull"}
    for role, warehouse in users:
        assert grants()[role, "warehouse", warehouse] == {"usage"}
        assert f"create warehouse if not exists {warehouse}" in SCRIPT


def test_no_secret_and_no_password_stands_in_it() -> None:
    assert set(re.findall(r"= '<(.*?)>'", SCRIPT)) == {
        "public key of dbt",
        "public key of the runner",
        "public key that the dashboard of Braze shows",
        "the new public key",
    }
    assert "password =" not in SCRIPT.lower()
