"""README's "To make it yours", followed word by word in a copy of the repository."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests import forked
from tests.conftest import environment

ROOT = Path(__file__).parents[1]
AUDIENCES = (ROOT / "docs" / "audiences.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PARTS = ("models", "macros", "seeds", "tests/dbt", "examples/first_steps")

CUSTOMERS = """
create schema crm;
create table crm.customers as
select * from (values
    ('C1', 'ana', 'Ana@Example.com', 'yes', '2026-01-01 10:00:00'),
    ('C1', 'anna', 'anna@example.com', 'yes', '2026-01-02 10:00:00'),
    ('C2', 'BEN', 'no address', 'no', '2026-01-01 10:00:00')
) as customers(id, first_name, email, is_member, updated_at)
"""


def called(project: Path, *arguments: str) -> tuple[int, str]:
    """Runs dbt, for which a warning is an error: its exit code and what it said."""
    own = {"BRIDGE_DUCKDB_PATH": "own.duckdb", "DBT_PROFILES_DIR": str(project)}
    command = ("dbt", "--warn-error", *arguments)
    said = io.StringIO()
    dbt = forked.Popen(command, cwd=project, env=environment(None, own), stdout=said)
    return dbt.wait(), said.getvalue()


def dbt(project: Path, *arguments: str) -> None:
    """Runs dbt, which has nothing to complain about."""
    code, said = called(project, *arguments)
    assert code == 0, said


def payloads(project: Path, pending: str) -> list[str]:
    """What Braze lacks."""
    with duckdb.connect(str(project / "own.duckdb")) as warehouse:
        rows = warehouse.execute(f"select payload from {pending}").fetchall()
    return sorted(payload for (payload,) in rows)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the README's lines were called, built."""
    folder = tmp_path_factory.mktemp("own")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "dbt_project.yml", folder)
    shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")
    section = README.split("To make it yours", 1)[1]
    found = re.search(r"```sh\n(.*?)```", section, re.S)
    assert found
    subprocess.run(["bash", "-euc", found[1]], cwd=folder, check=True)
    with duckdb.connect(str(folder / "own.duckdb")) as warehouse:
        warehouse.execute(CUSTOMERS)
    dbt(folder, "build")
    return folder


@pytest.fixture(scope="module")
def with_audiences(project: Path) -> Path:
    """The same with every file of the page's section for packages."""
    section = AUDIENCES.split("## In a project that has ours as a package")[1]
    blocks = re.findall(
        r"```\w+\n(?:--|#) (models/\S+)\n(.*?)```", section.split("\n## ")[0], re.S
    )
    for name, text in blocks:
        path = project / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    customers = project / "models" / "marts" / "customers.sql"
    customers.write_text("select * from {{ ref('braze_customer_attributes') }}")
    return project


def test_a_project_of_ones_own_says_what_braze_lacks(project: Path) -> None:
    assert payloads(project, "main_sync.braze_customer_attributes__pending") == [
        '{"external_id":"C1","first_name":"Anna","email":"anna@example.com",'
        '"is_member":true}',
        '{"external_id":"C2","first_name":"Ben","is_member":false}',
    ]


def test_the_audiences_of_the_page_are_told(with_audiences: Path) -> None:
    dbt(with_audiences, "run", "--select", "customers+")

    assert payloads(with_audiences, "main.our_flags__pending") == [
        '{"external_id":"C1","audience_regulars":true}'
    ]


def test_two_audiences_that_read_alike_fail_without_a_model_that_lists_them(
    with_audiences: Path,
) -> None:
    """S4-22: nobody could tell them apart in Braze."""
    folder = with_audiences / "models" / "audiences"
    audience = (folder / "audience_regulars.sql").read_text(encoding="utf-8")
    (folder / "audience_friends.sql").write_text(audience, encoding="utf-8")
    (folder / "_friends.yml").write_text(
        "models: [{name: audience_friends, config: {meta: {audience:"
        " {id: friends, label: members who come OFTEN}}}}]",
        encoding="utf-8",
    )

    code, said = called(with_audiences, "compile", "--select", "audience_friends")

    assert code != 0
    assert "has the label 'Members who come often'" in said


def test_tests_of_our_macros_do_not_run_where_ours_is_a_package() -> None:
    files = list((ROOT / "tests" / "dbt").glob("*.sql"))

    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "config(enabled=project_name == 'braze_bridge')" in text, path.name
