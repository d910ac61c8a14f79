"""start: what a command costs before it has done anything.

The demo shop is this repository's own project, built once from its seeds.
"""

from __future__ import annotations

import shutil
import sys

from .measure import Run, alternate, ratio, run, seconds, table
from .shop import CACHE, REPOSITORY, RUNNER

ROUNDS = 15


def main() -> None:
    """Print best and median of each command."""
    things = {
        "python -c pass": lambda: run([sys.executable, "-c", "pass"]),
        "runner --help": lambda: run([*RUNNER, "--help"]),
        "runner plan, demo shop": lambda: _demo("plan", "--format", "json"),
    }
    _build()
    found = alternate(ROUNDS, things)
    print(
        table(
            f"start: whole processes, {ROUNDS} of each",
            ["command", "best s", "median s", "of python -c pass"],
            [
                [
                    name,
                    min(each.seconds for each in runs),
                    seconds(runs),
                    ratio(runs, found["python -c pass"]),
                ]
                for name, runs in found.items()
            ],
        )
    )


def _build() -> None:
    folder = CACHE / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "profiles.example.yml", folder / "profiles.yml")
    _demo("build", "--quiet")


def _demo(*arguments: str) -> Run:
    folder = CACHE / "demo"
    environment = {
        "DBT_PROFILES_DIR": folder,
        "DBT_TARGET_PATH": folder / "target",
        "DBT_LOG_PATH": folder / "logs",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "BRIDGE_DUCKDB_PATH": folder / "demo.duckdb",
    }
    env = {name: str(value) for name, value in environment.items()}
    return run([*RUNNER, *arguments], cwd=REPOSITORY, env=env)
