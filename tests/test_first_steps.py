"""README's "To make it yours", followed word by word in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[1]
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


def dbt(project: Path, *arguments: str) -> None:
    """Runs dbt, for which a warning is an error."""
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--warn-error", *arguments],
        cwd=project,
        env=os.environ
        | {
            "BRIDGE_DUCKDB_PATH": "own.duckdb",
            "DBT_PROFILES_DIR": str(project),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the repository in which the README's lines were called."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "dbt_project.yml", tmp_path)
    shutil.copy(ROOT / "profiles.example.yml", tmp_path / "profiles.yml")
    section = README.split("To make it yours", 1)[1]
    found = re.search(r"```sh\n(.*?)```", section, re.S)
    assert found
    subprocess.run(["bash", "-euc", found[1]], cwd=tmp_path, check=True)
    return tmp_path


def test_a_project_of_ones_own_builds_and_says_what_braze_lacks(project: Path) -> None:
    with duckdb.connect(str(project / "own.duckdb")) as warehouse:
        warehouse.execute(CUSTOMERS)

    dbt(project, "parse", "--no-partial-parse")
    dbt(project, "build")

    with duckdb.connect(str(project / "own.duckdb")) as warehouse:
        pending = warehouse.execute(
            "select payload from main_sync.braze_customer_attributes__pending"
        ).fetchall()
    assert sorted(payload for (payload,) in pending) == [
        '{"external_id":"C1","first_name":"Anna","email":"anna@example.com",'
        '"is_member":true}',
        '{"external_id":"C2","first_name":"Ben","is_member":false}',
    ]
