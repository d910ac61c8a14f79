"""Projects that several modules push, built once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import shared

from .events import built_events
from .objects import built_objects, known, known_objects, objects
from .test_adventureworks import Example, copy, run

__all__ = [
    "adventureworks",
    "built_events",
    "built_objects",
    "known",
    "known_objects",
    "objects",
]

OTHERWISE = (
    "{revenue: purchases, audience_encodings: [flags, lists, groups, cohorts], "
    "collections: [customers, products]}"
)


@pytest.fixture(scope="session")
def adventureworks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The example with orders as purchases and audiences in every encoding."""

    def make(directory: Path) -> None:
        built = run(copy(directory), "build", "--quiet", "--vars", OTHERWISE)
        assert built.returncode == 0, built.stdout + built.stderr

    built = shared(tmp_path_factory, "otherwise", make)
    own = tmp_path_factory.mktemp("otherwise") / "adventureworks"
    shutil.copytree(built, own, symlinks=True)
    with Sandbox() as sandbox:
        yield Example(own, sandbox)
