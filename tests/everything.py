"""The demo with all that it can switch on, built by dbt with every test of a model.

A project chooses one of the encodings of audiences and what else it wants; here all of
it is built, over what Currents tells of the demo's customers. That the models also
stand where Currents has told nothing yet is seen in tests/loop.
"""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest

from . import forked
from .conftest import REPOSITORY, environment, shared
from .snowflake import currents

VARS = {
    "audience_encodings": ["flags", "lists", "groups", "cohorts"],
    "movable_ink": True,
    "collections": ["customers", "products", "recommendations", "stores"],
    "message_engagement": True,
    "lift_campaigns": [{"campaign": "spring", "audience": "vip", "days": 14}],
}
SALT = {"MOVABLE_INK_SALT": "a-salt-for-the-tests-alone"}
CHECKS = ["resource_type:test", "resource_type:unit_test"]
DATABASE = "bridge.duckdb"
PROJECT = ("dbt_project.yml", "models", "macros", "seeds", "tests/dbt")
PARSED = "target/partial_parse.msgpack"
"""Holds for the same variables, and the same path of the warehouse in the profile."""


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile, the warehouse, and what dbt wrote; copy it, never change it."""

    def make(directory: Path) -> None:
        begin_told(directory)
        build(directory, "--no-write-json")
        # The second build finds every table and view in place.
        build(directory, "--full-refresh", "--exclude", *CHECKS)

    return shared(tmp_path_factory, "everything", make)


def begin(directory: Path, parsed: Path | None = None) -> None:
    """A folder to build in: links to the project, and a profile.

    For a part of it, with what dbt has `parsed` of the same, which takes longer.
    """
    (directory / "target").mkdir(parents=True)
    for name in PROJECT:
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(REPOSITORY / name)
    shutil.copy(REPOSITORY / "profiles.example.yml", directory / "profiles.yml")
    if parsed:
        shutil.copy(parsed / PARSED, directory / PARSED)


def begin_told(directory: Path) -> None:
    """A folder to build in, with what Currents tells."""
    begin(directory)
    currents.fill_duckdb(directory / DATABASE)


def build(directory: Path, *arguments: str) -> None:
    """Build it without as much as a warning, or fail with what dbt said."""
    words = ("build", *arguments, "--vars", json.dumps(VARS))
    command = ("dbt", "--quiet", "--warn-error", *words)
    said, variables = io.StringIO(), environment(None, SALT)
    dbt = forked.Popen(command, cwd=directory, env=variables, stdout=said)
    assert dbt.wait() == 0, said.getvalue()
