"""Opens the warehouse for moments at a time, and says in words why it cannot.

A DuckDB file admits one writing process: whoever waits on the network must not
hold it, so nothing here keeps a connection between two `with` blocks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, DeliveryError
from ..project import Project
from .duckdb_session import DuckDBSession

if TYPE_CHECKING:
    import duckdb

_HOLDER = re.compile(
    r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)"
)
_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class DuckDBFile:
    """Where the DuckDB file is and how the profile wants it opened."""

    path: Path
    config: dict[str, Any]
    settings: dict[str, Any]
    lock_wait: float
    """Seconds to wait for a file that another process holds."""
    attach: tuple[str, ...] = ()
    """Statements for `attach:` of the profile: databases that the marts may read."""
    tell: Callable[[str], None] = print

    @classmethod
    def of(
        cls, project: Project, *, lock_wait: float, tell: Callable[[str], None]
    ) -> DuckDBFile:
        """The file of the project's target."""
        path = str(project.output.get("path") or ":memory:")
        if path.startswith(":memory:"):
            msg = (
                f"target '{project.target}' is an in-memory DuckDB, which is gone when "
                "dbt ends. Give it a path in profiles.yml."
            )
            raise ConfigError(msg)
        return cls(
            path=(project.directory / path).resolve(),
            config=dict(project.output.get("config_options") or {}),
            settings=dict(project.output.get("settings") or {}),
            lock_wait=lock_wait,
            attach=tuple(
                _attach(database, project.directory)
                for database in project.output.get("attach") or ()
            ),
            tell=tell,
        )

    @property
    def name(self) -> str:
        """What a person calls it."""
        return str(self.path)

    @contextmanager
    def open(self, *, read_only: bool = False) -> Iterator[DuckDBSession]:
        """Yield a session; the engine's faults become errors with a remedy.

        Raises DeliveryError naming the process that holds the file, ConfigError when
        a table is not there.
        """
        import duckdb  # noqa: PLC0415 - 140 ms that --help need not pay

        connection = self._connect(read_only=read_only)
        try:
            for name, value in self.settings.items():
                literal = str(value).replace("'", "''")
                connection.execute(f"set {_word(name)} = '{literal}'")
            # The ledger has no order of its own; keeping one would cost memory.
            connection.execute("set preserve_insertion_order = false")
            connection.execute("set TimeZone = 'UTC'")
            for statement in self.attach:
                connection.execute(statement)
            yield DuckDBSession(connection)
        except RuntimeError as error:
            # How DuckDB says that Ctrl-C met it in the middle of a statement.
            if "interrupt" in str(error).lower():
                raise KeyboardInterrupt from None
            raise
        except (duckdb.CatalogException, duckdb.BinderException):
            msg = (
                f"{self.path}: the ledger or a model is not in this file, or is of "
                "another version. Run: runner build (with the same --target)."
            )
            raise ConfigError(msg) from None
        except duckdb.Error as error:
            # The engine's own text may quote a customer's value.
            kind = type(error).__name__.removesuffix("Exception")
            msg = (
                f"{self.path}: the warehouse failed ({kind}). Nothing is lost: mend "
                "that, free disk or memory perhaps, and run again."
            )
            raise DeliveryError(msg) from None
        finally:
            connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb  # noqa: PLC0415

        if not self.path.exists():
            msg = f"{self.path}: no such file: nothing is built yet. Run: runner build"
            raise ConfigError(msg)
        deadline = time.monotonic() + self.lock_wait
        told = False
        while True:
            try:
                return duckdb.connect(
                    str(self.path), read_only=read_only, config=self.config
                )
            except duckdb.IOException as error:
                holder = _HOLDER.search(str(error))
                if "Conflicting lock" not in str(error):
                    raise ConfigError(_unreadable(self.path, error)) from None
            except duckdb.Error as error:
                raise ConfigError(_unreadable(self.path, error)) from None
            who = "another process"
            if holder:
                who = f"{Path(holder['program']).name} (PID {holder['pid']})"
            if time.monotonic() >= deadline:
                msg = (
                    f"{self.path}: held by {who} for over {self.lock_wait:g} s. "
                    "Nothing is lost: wait for it to end, then run again."
                )
                raise DeliveryError(msg)
            if not told:
                self.tell(f"{self.path.name} is held by {who}; waiting for it.")
                told = True
            time.sleep(_RETRY_SECONDS)


def _attach(database: dict[str, Any], folder: Path) -> str:
    """The statement for one entry of `attach:`; the runner only ever reads it."""
    path = str(database.get("path", ""))
    if "://" not in path and not path.startswith("md:"):
        path = str(folder / path)
    literal = path.replace("'", "''")
    alias = f" as {_word(database['alias'])}" if database.get("alias") else ""
    kind = f", type {_word(database['type'])}" if database.get("type") else ""
    return f"attach if not exists '{literal}'{alias} (read_only{kind})"


def _word(name: object) -> str:
    if not re.fullmatch(r"\w+", str(name)):
        msg = f"profiles.yml: settings: '{name}' is not the name of a DuckDB setting."
        raise ConfigError(msg)
    return str(name)


def _unreadable(path: Path, error: Exception) -> str:
    reason = " ".join(str(error).split())[:300]
    return f"{path}: DuckDB cannot open it: {reason}"
