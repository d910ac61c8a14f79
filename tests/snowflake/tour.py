"""The demo pushed to a Braze of its own from each engine, as `make demo` does it.

    python -m tests.snowflake.tour

builds the demo on DuckDB and, by dbt-snowflake, on the emulator, pushes both, and says
whether the two sandboxes hold the same.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from runner.sandbox import Sandbox
from runner.sandbox.collected import Account
from tests import everything
from tests.conftest import API_KEY, REPOSITORY, environment, near

from .access import PYTHON, Emulator, start
from .demo import Demo, build
from .values import text_of

ENGINES = ("duckdb", "snowflake")

KNOWN_TO_THE_APP = ("C10024", "C10124", "C10140", "C10050", "C10051")
"""Whom the shop's app told Braze of before, as in examples/demo.py."""
DEPENDENT_SECONDS = 1
APPROVED = ("braze_user_deletions", "braze_merges")
DAY = "2026-11-01"
OF_ITS_OWN = {"braze_id", "created_at", "updated_at", "last_seen"}
"""What a sandbox makes up or reads off its clock."""


def push_all(demo: Demo, engine: str, folder: Path) -> dict[str, Any]:
    """Push the demo as built on one engine; return what its Braze holds then."""
    with sandbox_of_the_demo() as sandbox:
        tell_as_the_app_does(sandbox)
        for sync in (None, *APPROVED, None):
            time.sleep(DEPENDENT_SECONDS)
            push(demo, engine, folder, sandbox, sync)
        return held(sandbox)


def push(
    demo: Demo, engine: str, folder: Path, sandbox: Sandbox, approved: str | None
) -> None:
    """Push everything, or one sync with approval."""
    options = []
    if approved:
        plan = runner(demo, engine, folder, sandbox, "plan", "-s", approved)
        options = ["-s", approved, "--approve", json.loads(plan)["plan_id"]]
    runner(demo, engine, folder, sandbox, "push", "--yes", *options)


def runner(
    demo: Demo, engine: str, folder: Path, sandbox: Sandbox, *arguments: str
) -> str:
    """Run one command of the runner's; return what it printed for a program."""
    directory = demo.directory / engine
    variables = environment(sandbox, everything.SALT) | {
        "DBT_TARGET_PATH": str(directory / "target"),
        "BRAZE_PARTNER": "demo",
        "BRAZE_PARTNER_API_KEY": "sandbox-partner-key",
        "BRAZE_DATA_IMPORT_KEY": "sandbox-import-key",
        "MOVABLE_INK_URL": sandbox.collector_url,
        "MOVABLE_INK_USERNAME": "sandbox",
        "MOVABLE_INK_PASSWORD": "sandbox-password",
        "RUNNER_MOVABLE_INK_EVENTS_PER_REQUEST": "1000",
        "PERSONALIZATION_STORE": str(folder / f"store_{engine}"),
        "RUNNER_DEPENDENT_SECONDS": str(DEPENDENT_SECONDS),
    }
    profiles = ("--profiles-dir", str(directory))
    done = near(REPOSITORY, variables, *arguments, "--format", "json", *profiles)
    # 3: something was left for a person to approve.
    assert done.code in {0, 3}, done.err
    return done.out


def sandbox_of_the_demo() -> Sandbox:
    """A Braze, and a Movable Ink on the day on which the demo's data ends."""
    end = datetime.fromisoformat(DAY).replace(tzinfo=UTC) + timedelta(days=1)
    clock: Callable[[], float] = end.timestamp
    return Sandbox(account=Account(clock=clock))


def tell_as_the_app_does(sandbox: Sandbox) -> None:
    """Make the profiles that the shop's app made long before this project."""
    requests.post(
        f"{sandbox.url}/users/track",
        json={"attributes": [{"external_id": each} for each in KNOWN_TO_THE_APP]},
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=10,
    ).raise_for_status()


def held(sandbox: Sandbox) -> dict[str, Any]:
    """What Braze and Movable Ink hold, without what they make up."""
    return {
        "profiles": {
            key: without_its_own(profile) for key, profile in sandbox.profiles().items()
        },
        "catalogs": sandbox.catalogs(),
        "cohorts": sandbox.cohorts(),
        "collected": sorted(map(text_of, sandbox.collected())),
    }


def without_its_own(value: Any) -> Any:
    """A value without what another sandbox would say otherwise."""
    if isinstance(value, dict):
        return {
            name: without_its_own(inner)
            for name, inner in value.items()
            if name not in OF_ITS_OWN
        }
    if isinstance(value, list):
        return sorted(map(without_its_own, value), key=text_of)
    return value


def main() -> None:
    """Build, push, compare."""
    if not PYTHON.exists():
        sys.exit("no emulator of Snowflake: make setup installs it into .emulator")
    folder = Path(tempfile.mkdtemp(prefix="tour-"))
    emulator = Emulator(start(folder / "emulator.log", os.getpid()))
    print("Building the demo on DuckDB and on Snowflake's emulator (two minutes) ...")
    everything.begin_told(folder / "demo" / "duckdb")
    everything.build(folder / "demo" / "duckdb", "--exclude", *everything.CHECKS)
    build(folder / "demo", emulator, "TOUR")
    demo = Demo(folder / "demo", emulator, "TOUR")
    found = {}
    for engine in ENGINES:
        print(f"Pushing what {engine} holds ...")
        found[engine] = push_all(demo, engine, folder)
    for what, ours in found["duckdb"].items():
        same = ours == found["snowflake"][what]
        print(f"  {what:10} {len(ours):6,}  {'the same' if same else 'DIFFERENT'}")
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if found["duckdb"] == found["snowflake"] else 1)


if __name__ == "__main__":
    main()
