"""The dbt project of the fuzz: a mart of every type, and syncs with every option."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import copy_package, environment, write

from .access import Emulator, start
from .demo import traced
from .fuzz_engines import DuckDB, Engine, Snowflake

PROJECT = {
    "dbt_project.yml": """\
name: fuzz
version: 0.1.0
config-version: 2
profile: fuzz
models:
  braze_bridge:
    staging: {+enabled: false}
    intermediate: {+enabled: false}
    marts: {+enabled: false}
    sync: {+enabled: false, ledger: {+enabled: true}}
seeds: {braze_bridge: {+enabled: false}}
""",
    "packages.yml": "packages: [local: package]",
    "models/plain__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('people'), on_removed='unset') }}"
    ),
    "models/parts__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('people'), on_removed='false',"
        " on_null='ignore', array_columns=['tags'], merge_columns=['home'],"
        " keyed_arrays={'orders': 'id'}, min_interval={'score': '7 days'}) }}"
    ),
    "models/timed__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('people'), changed_since='changed_at') }}"
    ),
    "models/syncs.yml": """\
models:
  - &sync
    name: plain__pending
    config: {meta: {sync: {destination: braze, object: attributes}}}
  - {<<: *sync, name: parts__pending}
  - {<<: *sync, name: timed__pending}
""",
}


def build(directory: Path, access: Mapping[str, Any]) -> list[Engine]:
    """Build the project on both engines, over an empty mart."""
    profile = {
        "fuzz": {
            "target": "duckdb",
            "outputs": {
                "duckdb": {"type": "duckdb", "path": "fuzz.duckdb", "schema": "bridge"},
                "snowflake": {"type": "snowflake", "threads": 2, **access},
            },
        }
    }
    copy_package(directory / "package")
    marts = {}
    for engine in opened(directory, access):
        engine.run("create schema if not exists bridge")
        engine.run(
            "create or replace table bridge.texts (row_key varchar, body varchar)"
        )
        marts[engine.name] = engine.mart()
        engine.connection.close()
    files = {
        "profiles.yml": json.dumps(profile),
        "models/people.sql": MART.format(**marts),
    }
    write(directory, PROJECT | files)
    dbt(directory, ["deps"], *(["run", "--target", engine] for engine in marts))
    return opened(directory, access)


def opened(directory: Path, access: Mapping[str, Any]) -> list[Engine]:
    """Both engines of a project that is built."""
    return [DuckDB(directory / "fuzz.duckdb"), Snowflake(access)]


MART = """\
{{{{ config(materialized='table') }}}}
{{% if target.type == 'duckdb' %}}
{duckdb}
{{% else %}}
{snowflake}
{{% endif %}}
"""


def dbt(directory: Path, *commands: list[str]) -> None:
    """Run dbt there, or fail with what it said."""
    done = subprocess.run(
        traced(directory, *([*each, "--profiles-dir", "."] for each in commands)),
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def access_of(directory: Path) -> dict[str, Any]:
    """The account that the environment names, or else an emulator that ends with us."""
    if os.environ.get("SNOWFLAKE_ACCOUNT"):
        return account()
    return Emulator(start(directory / "log", os.getpid())).access("FUZZ")


def account() -> dict[str, Any]:
    """SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and so on, by the names of the connector."""
    prefix = "SNOWFLAKE_"
    given: dict[str, Any] = {
        name.removeprefix(prefix).lower(): text
        for name, text in os.environ.items()
        if name.startswith(prefix) and text
    }
    port = {"port": int(given["port"])} if "port" in given else {}
    return given | port | {"schema": "BRIDGE"}
