"""A small shop of a user's own, built once by dbt and copied for each test.

The shop installs this repository as a dbt package and switches its models off, as a
team with a project of its own does; of the package it gets what that leaves, since dbt
would read all the rest at each of a hundred starts. The AdventureWorks example
installs it whole. A copy takes milliseconds: tests change its mart
with SQL, run the command line, and look at the ledger. What dbt builds is built once
for all workers of a run.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import (
    chdir,
    contextmanager,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import settings

from runner.cli import main
from runner.sandbox import Sandbox, server
from tests import forked

# A busy machine is no fault of an example's.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

LONGEST_FILE = "test_models.py"
"""It builds what others look at afterwards."""

LONG_FILES = {"e2e", "snowflake"}
"""The folders of files that take long, whatever the number of their tests."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for processes and servers, too."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that the workers end together."""
    tests = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[bool, bool, int, str]:
        is_other = item.path.name != LONGEST_FILE
        is_short = item.path.parent.name not in LONG_FILES
        return (is_other, is_short, -tests[item.path], str(item.path))

    items.sort(key=place)


# A sandbox stops when its thread looks up: a minute, over all of its tests.
server._STOP_POLL_SECONDS = 0.005

REPOSITORY = Path(__file__).resolve().parents[1]
PEOPLE = 300
API_KEY = "sandbox-key"

# The name of the file is the name of DuckDB's database, which the manifest holds.
DATABASE = "shop.duckdb"
PACKAGE = ("dbt_project.yml", "macros", "models/sync/ledger")
"""What a project takes from us that switches all models off that can be."""
LEDGER = "main_ledger"
"""The schema of the ledger in the shop's warehouse."""

PROJECT = {
    "dbt_project.yml": """\
name: shop
version: 0.1.0
config-version: 2
profile: shop
models:
  braze_bridge:
    staging: {+enabled: false}
    intermediate: {+enabled: false}
    marts: {+enabled: false}
    sync:
      +enabled: false
      ledger: {+enabled: true}
seeds:
  braze_bridge: {+enabled: false}
""",
    "packages.yml": f"""\
packages:
  - local: {REPOSITORY}
""",
    "profiles.yml": f"""\
shop:
  target: dev
  outputs:
    dev: {{type: duckdb, path: {DATABASE}, threads: 2}}
    unbuilt: {{type: duckdb, path: unbuilt.duckdb}}
    memory: {{type: duckdb}}
    lake: {{type: snowflake, account: example, database: shop, schema: main}}
""",
    "models/people.sql": f"""\
{{{{ config(materialized='table') }}}}
select
    'p' || number as external_id,
    'p' || number || '@example.com' as email,
    number % 2 = 0 as is_member,
    cast(number % 7 as integer) as orders_count,
    cast(number as bigint) * 10000000000 as loyalty_number,
    number / 3.0 as score,
    cast(number / 8.0 as float) as weight,
    cast(number * 1.25 as decimal(18, 2)) as lifetime_value,
    case when number % 5 > 0 then 'note ' || number end as note,
    date '2026-01-01' + cast(number % 300 as integer) as member_since,
    timestamp '2026-01-01 08:00:00' + interval (number) minute as last_order_at,
    timestamptz '2026-01-01 08:00:00+00' + interval (number) hour as last_seen_at,
    case when number % 3 > 0 then ['shoes', 'hats'] else ['belts'] end as categories,
    {{'store': 'S' || (number % 4), 'visits': number % 9}} as home_store,
    [{{'sku': 'A' || (number % 6), 'quantity': 1 + number % 2}}] as last_items,
    cast('{{"tier": ' || (number % 3) || '}}' as json) as programme
from range(1, {PEOPLE + 1}) as numbers(number)
""",
    "models/people__pending.sql": """\
{{ braze_bridge.pending_rows(ref('people'), key='external_id') }}
""",
    "models/people.yml": """\
models:
  - name: people
    config: {tags: [nightly]}
    columns:
      - name: external_id
      - name: note
        config: {meta: {pii: true}}
  - name: people__pending
    config:
      tags: [nightly]
      meta: {sync: {destination: braze, object: attributes}}
""",
}


@dataclass(frozen=True)
class Run:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What the command printed for a program to read."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shop:
    """A built project with its own warehouse file."""

    directory: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.directory / DATABASE

    @property
    def manifest(self) -> Path:
        """What dbt wrote about the project."""
        return self.directory / "target" / "manifest.json"

    def sql(self, statement: str, parameters: list[Any] | None = None) -> list[Any]:
        """Run one statement and return its rows; the file is closed again at once."""
        connection = duckdb.connect(str(self.database))
        try:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(statement, parameters or []).fetchall()
        finally:
            connection.close()

    def runner(
        self,
        *arguments: str,
        sandbox: Sandbox | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the command line here; of Braze only what is given is set."""
        done = subprocess.run(
            [sys.executable, "-m", "runner", *arguments],
            cwd=self.directory,
            env=environment(sandbox, env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300 if "build" in arguments else 60,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def start(
        self,
        *arguments: str,
        sandbox: Sandbox | None = None,
        env: Mapping[str, str] | None = None,
        code: str = "",
    ) -> subprocess.Popen[str]:
        """Start the command line and return at once; the caller ends it.

        `code` is what to run in its place: the command line with something changed.
        """
        python = ["-c", code] if code else ["-m", "runner"]
        return subprocess.Popen(
            [sys.executable, *python, *arguments],
            cwd=self.directory,
            env=environment(sandbox, env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ledger(self) -> dict[str, list[Any]]:
        """Every row of the ledger by table, and the outboxes; but for the lease."""
        connection = duckdb.connect(str(self.database), read_only=True)
        try:
            tables = connection.execute(
                "select table_name from information_schema.tables "
                "where table_schema = ? and table_name <> 'ledger_lease' order by all",
                [LEDGER],
            ).fetchall()
            return {
                name: connection.execute(
                    f"select * from {LEDGER}.{name} order by all"
                ).fetchall()
                for (name,) in tables
            }
        finally:
            connection.close()

    def change_manifest(self, change: Any) -> None:
        """Let `change` edit the nodes of the manifest in place."""
        content = json.loads(self.manifest.read_text(encoding="utf-8"))
        change(content["nodes"])
        self.manifest.write_text(json.dumps(content), encoding="utf-8")


class NearShop(Shop):
    """A shop whose commands run within this process: two hundred starts take a minute.

    For tests of what a command does and says; dbt is forked. Those of the process
    itself - signals, a terminal, what it leaves when it dies - start one.
    """

    def runner(
        self,
        *arguments: str,
        sandbox: Sandbox | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the command line here; of Braze only what is given is set."""
        return near(self.directory, environment(sandbox, env), *arguments)


def near(directory: Path, variables: Mapping[str, str], *arguments: str) -> Run:
    """Run the command line within this process, and dbt in one that is forked."""
    code, out, err = 0, io.StringIO(), io.StringIO()
    # dbt cannot open a file that is kept open here.
    builds = {"build", "run"} & set(arguments)
    with (
        patch.dict(os.environ, variables, clear=True),
        patch.object(sys, "argv", ["runner", *arguments]),
        patch("runner.dbt.subprocess", forked),
        nullcontext() if builds else one_instance(),
        chdir(directory),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Run(code, out.getvalue(), err.getvalue())


@contextmanager
def one_instance() -> Iterator[None]:
    """Keep a file's instance of DuckDB between the visits of one command.

    To bring one up takes 14 ms, a sixth of the time of these tests. Another mode or
    setting is another instance, as ever.
    """
    connect, kept = duckdb.connect, dict[str, tuple[Any, Any]]()

    def connected(database: str, **options: Any) -> duckdb.DuckDBPyConnection:
        if database in kept and kept[database][0] != options:
            kept.pop(database)[1].close()
        if database not in kept:
            kept[database] = options, connect(database, **options)
        return connect(database, **options)

    with patch("duckdb.connect", connected):
        try:
            yield
        finally:
            for _, connection in kept.values():
                connection.close()


def environment(
    sandbox: Sandbox | None = None, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """This process's environment without a word for Braze, dbt or the runner."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BRAZE_", "DBT_", "RUNNER_"))
    }
    clean["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    if sandbox:
        clean["BRAZE_REST_ENDPOINT"] = sandbox.url
        clean["BRAZE_API_KEY"] = API_KEY
    return clean | dict(extra or {})


def shared(
    folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """A folder that one worker makes for all; copy it, never change it."""
    root = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, made = root / name, root / f"{name}.made"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


def write(directory: Path, files: Mapping[str, str]) -> None:
    """Write these files: path -> text."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def texts(folder: Path) -> dict[str, str]:
    """Name -> text of every file in the folder."""
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def build(directory: Path) -> None:
    """Build a project, or fail with what dbt said.

    Of its manifest three quarters go: dbt's macros and our models that are switched
    off. Every command of every test would read them, and look at none of them.
    """
    shop = NearShop(directory)
    built = shop.runner("build", "--quiet")
    assert built.code == 0, built.out + built.err
    content = json.loads(shop.manifest.read_text(encoding="utf-8"))
    shop.manifest.write_text(json.dumps(content | {"macros": {}, "disabled": {}}))


def unbuilt(shop: Shop, directory: Path, models: Mapping[str, str]) -> NearShop:
    """A project with other models than the shop's, and no warehouse yet.

    It begins with what dbt has parsed of our package, which takes longer than theirs.
    """
    for name in (*PROJECT, "package-lock.yml", "target/partial_parse.msgpack"):
        if not name.startswith("models/"):
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(shop.directory / name, path)
    installed = "dbt_packages"
    shutil.copytree(shop.directory / installed, directory / installed, symlinks=True)
    write(directory / "models", models)
    return NearShop(directory)


def build_models(shop: Shop, directory: Path, models: Mapping[str, str]) -> None:
    """Build a project with other models than the shop's in a warehouse of its own."""
    build(unbuilt(shop, directory, models).directory)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of our dbt package that the shop needs."""
    return shared(tmp_path_factory, "package", copy_package)


def copy_package(directory: Path) -> None:
    """Copy the part of our dbt package that a project with its own marts needs."""
    for name in PACKAGE:
        there, here = REPOSITORY / name, directory / name
        here.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if there.is_dir() else shutil.copy)(there, here)


@pytest.fixture(scope="session")
def built_shop(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Build the shop once; copy it, never change it."""

    def make(directory: Path) -> None:
        write(directory, PROJECT | {"packages.yml": f"packages: [local: {package}]"})
        build(directory)

    return Shop(shared(tmp_path_factory, "built_shop", make))


@pytest.fixture(scope="session")
def delivered_shop(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Push the shop's people once; copy it, never change it."""

    def make(directory: Path) -> None:
        with Sandbox() as sandbox:
            pushed = copy(built_shop, directory).runner("push", sandbox=sandbox)
        assert pushed.code == 0, pushed.out + pushed.err

    return Shop(shared(tmp_path_factory, "delivered_shop", make))


@pytest.fixture
def shop(built_shop: Shop, tmp_path: Path) -> Shop:
    """A shop of the test's own that has sent nothing yet."""
    return copy(built_shop, tmp_path / "shop")


@pytest.fixture
def synced_shop(delivered_shop: Shop, tmp_path: Path) -> Shop:
    """A shop of the test's own whose people were all accepted before."""
    return copy(delivered_shop, tmp_path / "synced_shop")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty Braze on a port of its own."""
    with Sandbox() as server:
        yield server


def copy(shop: Shop, target: Path) -> Shop:
    """Copy a project with its warehouse; the package in it stays a link."""
    shutil.copytree(
        shop.directory,
        target,
        symlinks=True,
        ignore=shutil.ignore_patterns("logs", "partial_parse.msgpack", "compiled"),
    )
    return Shop(target)


def copy_to_build(shop: Shop, target: Path) -> Shop:
    """Copy a project that is built again, with what dbt has parsed of it."""
    no_logs = shutil.ignore_patterns("logs")
    shutil.copytree(shop.directory, target, symlinks=True, ignore=no_logs)
    return Shop(target)
