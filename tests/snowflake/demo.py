"""The demo shop built by dbt on both engines, with all that can be switched on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tests.conftest import REPOSITORY, environment, write
from tests.everything import CHECKS, SALT, VARS

from . import currents
from .access import Emulator
from .values import Rows, canonical_rows

SCHEMA = "BRIDGE"

# Enough for a table or view of every model; what tests them is run by `make snowflake`.
BUILD = ["build", "--exclude", *CHECKS]

COMPILE = ["compile", "--select", "resource_type:test"]


@dataclass(frozen=True)
class Demo:
    """The built shop: a database of the emulator's, and a file of DuckDB's."""

    directory: Path
    emulator: Emulator
    database: str

    def nodes(self, engine: str) -> list[dict[str, Any]]:
        """The nodes of the manifest that dbt wrote for `snowflake` or `duckdb`."""
        manifest = self.directory / engine / "target" / "manifest.json"
        content = json.loads(manifest.read_text(encoding="utf-8"))
        return list(content["nodes"].values())

    def on_snowflake(self, statement: str) -> Rows:
        """The rows of one statement, in values that both engines have."""
        with self.emulator.connect(self.database, SCHEMA) as connection:
            return canonical_rows(connection.cursor().execute(statement))

    def on_duckdb(self, statement: str) -> Rows:
        """The rows of one statement, in values that both engines have."""
        file = str(self.directory / "duckdb" / "bridge.duckdb")
        with duckdb.connect(file, read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return canonical_rows(connection.execute(statement))


def profiles(directory: Path, emulator: Emulator, database: str) -> None:
    """Write a profile for each engine into its folder."""
    outputs = {
        "duckdb": {
            "type": "duckdb",
            "path": str(directory / "duckdb" / "bridge.duckdb"),
            "threads": 2,
        },
        "snowflake": {
            "type": "snowflake",
            **emulator.access(database, SCHEMA),
            "threads": 2,
            "connect_retries": 0,
        },
    }
    for engine, output in outputs.items():
        # The name of the target says which seeded subscription groups are meant.
        profile = {"braze_bridge": {"target": "dev", "outputs": {"dev": output}}}
        write(directory / engine, {"profiles.yml": yaml.safe_dump(profile)})


def build(directory: Path, emulator: Emulator, database: str) -> None:
    """Build it on Snowflake beside what DuckDB has, or fail with what dbt said."""
    profiles(directory, emulator, database)
    currents.fill_snowflake(emulator, database, SCHEMA)
    dbt = start(directory / "snowflake", BUILD, COMPILE)
    said, _ = dbt.communicate(timeout=500)
    assert dbt.returncode == 0, said


def start(
    directory: Path, *commands: list[str], output: int | None = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start dbt on the demo with the profile and the folders of one engine."""
    options = [
        f"--vars={json.dumps(VARS)}",
        f"--project-dir={REPOSITORY}",
        f"--profiles-dir={directory}",
        f"--target-path={directory / 'target'}",
        f"--log-path={directory / 'logs'}",
    ]
    return subprocess.Popen(
        traced(directory, *([*command, *options] for command in commands)),
        env=environment(None, SALT) | {"PATH": os.environ["PATH"]},
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
    )


def traced(directory: Path, *commands: list[str]) -> list[str]:
    """The command line of a dbt that also tells what macros of ours it rendered."""
    program = Path(__file__).with_name("traced_dbt.py")
    quiet = [["--quiet", *command] for command in commands]
    trace = directory / "rendered.txt"
    return [sys.executable, str(program), str(trace), json.dumps(quiet)]


def rendered(directory: Path) -> set[str]:
    """The macros of ours that dbt rendered there."""
    return set((directory / "rendered.txt").read_text("utf-8").split())
