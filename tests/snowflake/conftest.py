"""One emulated Snowflake for all workers of a test run, a database a project.

Needs the environment that `make test` puts into .emulator, or another one's Python in
EMULATOR_PYTHON; without one the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import shared
from tests.everything import everything

from . import fuzz_project as fuzzed
from .access import PYTHON, Emulator, start
from .demo import Demo, build
from .shop import PEOPLE, SnowflakeShop, make

__all__ = ["everything"]

DEMO = "DEMO"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Emulator:
    """The one server of this test run; it ends with the run."""
    if not PYTHON.exists():
        pytest.skip("no emulator of Snowflake: make setup installs it into .emulator")
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "port").write_text(str(start(folder / "log", run)))

    folder = shared(tmp_path_factory, "emulator", make)
    return Emulator(int((folder / "port").read_text()))


@pytest.fixture(scope="session")
def demo(
    everything: Path, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Demo:
    """The demo shop on both engines, built once; read it, never change it."""

    def make(folder: Path) -> None:
        unread = shutil.ignore_patterns("logs", "run", "*.msgpack")
        shutil.copytree(everything, folder / "duckdb", symlinks=True, ignore=unread)
        build(folder, emulator, DEMO)

    return Demo(shared(tmp_path_factory, "demo", make), emulator, DEMO)


@pytest.fixture(scope="session")
def fuzz_project(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the fuzz on both engines; its mart is test_fuzz's to fill."""

    def make(folder: Path) -> None:
        for engine in fuzzed.build(folder, emulator.access("FUZZ")):
            engine.connection.close()

    return shared(tmp_path_factory, "fuzz_project", make)


@pytest.fixture(scope="session")
def built(
    emulator: Emulator, package: Path, tmp_path_factory: pytest.TempPathFactory
) -> SnowflakeShop:
    """The shop, built once; its database is one for all tests of pushes."""
    database = emulator.database("SHOP")
    folder = shared(
        tmp_path_factory,
        "snowflake_shop",
        lambda directory: make(directory, package, emulator, database),
    )
    return SnowflakeShop(folder, emulator, database)


@pytest.fixture
def shop(built: SnowflakeShop) -> SnowflakeShop:
    """The shop with empty marts and an empty ledger."""
    built.empty()
    return built


@pytest.fixture(scope="session")
def pushed_shop(built: SnowflakeShop) -> SnowflakeShop:
    """The shop, which keeps what it held when its people had been accepted."""
    built.empty()
    built.fill("people", PEOPLE[:150])
    with Sandbox() as sandbox:
        assert built.push(sandbox).code == 0
    built.wait("1 hour")
    built.keep()
    return built


@pytest.fixture
def synced(pushed_shop: SnowflakeShop) -> SnowflakeShop:
    """Its people were accepted an hour ago."""
    pushed_shop.restore()
    return pushed_shop
