"""The warehouse: opened for moments, in whichever engine dbt built it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from ..errors import ConfigError
from ..project import Project
from .session import Rows, Session

__all__ = ["Rows", "Session", "Warehouse", "open_warehouse"]


class Warehouse(Protocol):
    """Where the models and the ledger are."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    def open(self, *, read_only: bool = False) -> AbstractContextManager[Session]:
        """Yield a session; the engine's faults become errors with a remedy."""


def open_warehouse(
    project: Project, *, lock_wait: float, tell: Callable[[str], None]
) -> Warehouse:
    """Return the warehouse of the project's target; nothing is opened yet."""
    if project.adapter == "snowflake":
        from .snowflake import SnowflakeAccount  # noqa: PLC0415 - an extra

        return SnowflakeAccount.of(project, tell=tell)
    if project.adapter == "duckdb":
        from .duckdb_file import DuckDBFile  # noqa: PLC0415 - what is not chosen

        return DuckDBFile.of(project, lock_wait=lock_wait, tell=tell)
    msg = (
        f"target '{project.target}' has type '{project.adapter}'; "
        "this runner delivers from duckdb and snowflake."
    )
    raise ConfigError(msg)
