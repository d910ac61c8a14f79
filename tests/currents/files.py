"""Files of Currents as Braze lays them out, written by fastavro, an Avro not ours."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import fastavro

from runner.commands.currents import currents
from runner.errors import RunnerError
from tests.conftest import REPOSITORY, Run, environment

SAMPLES = Path(
    os.environ.get("CURRENTS_DIR") or REPOSITORY.parent / "shared" / "data" / "currents"
).resolve()
EXPORT = "dataexport.prod-03.S3.integration.1"
OPEN = "users.messages.email.Open"
SEND = "users.messages.email.Send"
SCHEMA = "main_currents"

PROJECT = {
    "dbt_project.yml": "name: shop\nversion: 0.1.0\nprofile: shop\n",
    "profiles.yml": """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, threads: 2}
""",
}

RUNNER = """
from runner import cli
cli.COMMANDS.setdefault("currents", ("runner.commands.currents", "Load Currents."))
{before}
cli.main()
"""
"""The command line, whether it names this command yet or not."""


@dataclass(frozen=True)
class Desk:
    """A project with a warehouse of its own, and a folder of files to load."""

    directory: Path

    @property
    def files(self) -> Path:
        """Where the files lie."""
        return self.directory / "files"

    def command(self, *arguments: str, before: str = "") -> list[str]:
        """`runner currents ...`; `before` is Python that runs first."""
        code = RUNNER.format(before=before)
        return [sys.executable, "-c", code, "currents", *arguments]

    def run(
        self,
        *arguments: str,
        before: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run `runner currents ...` to its end; in this process where that will do."""
        if not before and not env:
            return self._call(*arguments)
        done = subprocess.run(
            self.command(*arguments, before=before),
            cwd=self.directory,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def _call(self, *arguments: str) -> Run:
        code, out, err = 0, io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.directory),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                currents.main(arguments, standalone_mode=False)
            except SystemExit as error:
                code = int(error.code or 0)
            except RunnerError as error:
                code = error.exit_code
                err.write(f"{error}\n")
        return Run(code, out.getvalue(), err.getvalue())

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """As the command line needs it, wherever the repository is."""
        return environment(None, {"PYTHONPATH": str(REPOSITORY), **(extra or {})})

    def load(self, path: str | Path | None = None, **options: Any) -> Any:
        """Load the files; return what the command says as JSON."""
        arguments = ("load", str(path or self.files), "--format", "json")
        run = self.run(*arguments, "--processes", "1", **options)
        assert run.code in (0, 4), run.err
        return run.json

    def sql(self, statement: str) -> list[Any]:
        """Run one statement; the file is closed again at once."""
        with self.warehouse() as connection:
            return connection.execute(statement).fetchall()

    @contextlib.contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that finds the tables of Currents without their schema."""
        with duckdb.connect(str(self.directory / "shop.duckdb")) as connection:
            connection.execute(f"set search_path = '{SCHEMA}'")
            yield connection

    def tables(self) -> dict[str, tuple[list[str], list[Any]]]:
        """Each table's columns and rows, without what depends on when a file came."""
        found = {}
        with self.warehouse() as connection:
            columns = connection.execute(
                f"""
                select table_name, list(column_name order by column_name)
                from duckdb_columns()
                where
                    schema_name = '{SCHEMA}' and table_name <> 'currents_files'
                    and column_name not in ('_file', '_hour', '_loaded_at')
                group by all
                """
            ).fetchall()
            for table, names in columns:
                wanted = ", ".join(f'"{name}"' for name in names)
                rows = connection.execute(f"select {wanted} from {table} order by id")
                found[table] = (names, rows.fetchall())
        return found

    def path(
        self,
        event_type: str,
        hour: str = "2026-11-01-00",
        *,
        schema_id: int = 12,
        offset: int = 1,
    ) -> Path:
        """Where a file of that type and hour lies; its folder is made."""
        folder = self.files.joinpath(
            EXPORT,
            f"event_type={event_type}",
            f"date={hour}",
            str(schema_id),
            "prod-03",
        )
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{EXPORT}+0+{offset}.avro"


def make_desk(directory: Path) -> Desk:
    """A project that has not loaded anything."""
    for name, text in PROJECT.items():
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    desk = Desk(directory)
    desk.files.mkdir()
    return desk


def schema(event_type: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A schema such as Braze's, with further fields."""
    space, _, name = event_type.rpartition(".")
    fields: dict[str, Any] = {
        "id": "string",
        "user_id": "string",
        "external_user_id": ["null", "string"],
        "time": "int",
        **(more or {}),
    }
    return {
        "type": "record",
        "name": name,
        "namespace": f"dataexport.S3.inner.{space}",
        "fields": [{"name": field, "type": kind} for field, kind in fields.items()],
    }


def events(numbers: Iterable[int], **more: Any) -> list[dict[str, Any]]:
    """One event a number; the same number is the same event."""
    return [
        {
            "id": f"event-{number}",
            "user_id": f"user-{number % 7}",
            "external_user_id": f"p{number}" if number % 3 else None,
            "time": 1_767_225_600 + number,
            **more,
        }
        for number in numbers
    ]


def write(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    more: Mapping[str, Any] | None = None,
    *,
    codec: str = "deflate",
) -> Path:
    """Write the rows under the schema of the type that the path names."""
    event_type = next(
        part.partition("=")[2] for part in path.parts if part.startswith("event_type=")
    )
    with path.open("wb") as file:
        fastavro.writer(file, schema(event_type, more), rows, codec=codec)
    return path


def worker(code: str) -> Callable[[], subprocess.Popen[str]]:
    """What starts a process that reads files as this code has it."""

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def cut(path: Path, share: float) -> bytes:
    """Leave but a share of the file; return the whole of it."""
    whole = path.read_bytes()
    path.write_bytes(whole[: max(int(len(whole) * share), 1)])
    return whole


# -- Avro by hand, for what no library writes


def number(value: int) -> bytes:
    """A zigzag number."""
    value = (value << 1) ^ (value >> 63)
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def text(value: bytes) -> bytes:
    """A length and bytes."""
    return number(len(value)) + value


def container(
    record: Any, blocks: Sequence[tuple[int, bytes]], *, codec: bytes = b"null"
) -> bytes:
    """A file of blocks: how many records each claims, and its stored bytes."""
    metadata = {b"avro.schema": json.dumps(record).encode(), b"avro.codec": codec}
    sync = random.Random(0).randbytes(16)
    head = number(len(metadata))
    head += b"".join(text(key) + text(value) for key, value in metadata.items())
    body = b"".join(
        number(count) + number(len(data)) + data + sync for count, data in blocks
    )
    return b"Obj\x01" + head + b"\x00" + sync + body
