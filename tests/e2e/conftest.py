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


TOUCHED = (
    "adventureworks_purchases",
    "path:models/marts/audiences",
    "path:models/sync",
)
"""What other variables build otherwise."""


@pytest.fixture(scope="session")
def built_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example built as its README does; copy it, never change it."""

    def make(directory: Path) -> None:
        built = run(copy(directory), "build", "--quiet")
        assert built.code == 0, built.out + built.err

    return shared(tmp_path_factory, "example", make)


@pytest.fixture(scope="session")
def adventureworks(
    built_example: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    """The example with orders as purchases and audiences in every encoding."""

    def make(directory: Path) -> None:
        shutil.copytree(built_example, directory, symlinks=True)
        arguments = ("build", "--quiet", "--vars", OTHERWISE, "--select", *TOUCHED)
        built = run(directory, *arguments)
        assert built.code == 0, built.out + built.err

    built = shared(tmp_path_factory, "otherwise", make)
    own = tmp_path_factory.mktemp("otherwise") / "adventureworks"
    shutil.copytree(built, own, symlinks=True)
    with Sandbox() as sandbox:
        yield Example(own, sandbox)
