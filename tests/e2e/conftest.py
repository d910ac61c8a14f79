"""Projects that several modules push, built once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.sandbox import Sandbox

from .objects import built_objects, known, known_objects, objects
from .test_adventureworks import Example, copy, run

__all__ = ["adventureworks", "built_objects", "known", "known_objects", "objects"]

OTHERWISE = (
    "{revenue: purchases, audience_encodings: [flags, lists, groups, cohorts], "
    "collections: [customers, products]}"
)


@pytest.fixture(scope="session")
def adventureworks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The example with orders as purchases and audiences in every encoding."""
    directory = copy(tmp_path_factory.mktemp("otherwise") / "adventureworks")
    built = run(directory, "build", "--quiet", "--vars", OTHERWISE)
    assert built.returncode == 0, built.stdout + built.stderr
    with Sandbox() as sandbox:
        yield Example(directory, sandbox)
