"""A login to Snowflake: runs statements and hands their answers over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..interrupts import are_remembered
from .session import Row
from .snowflake_words import quoted

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

_STREAMED = 1_000
"""Rows from which it is worth to read an answer as Arrow batches."""


class Login:
    """One connection, made when a statement needs it."""

    def __init__(self, connect: Callable[[], SnowflakeConnection], schema: str) -> None:
        self._connect = connect
        self._schema = schema
        self._connection: SnowflakeConnection | None = None
        self._beside = ThreadPoolExecutor(1, "snowflake")

    def end(self) -> None:
        """Log out, if that is still possible."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(retry=False)

    def run(self, statement: str, values: Sequence[Any] = ()) -> SnowflakeCursor:
        """Run one statement.

        In the main thread the connector answers to Ctrl-C while a statement runs: it
        cancels the statement. A push that is sending has to hear of it, and to record
        what was sent; then the statement runs beside.
        """
        if self._connection is None:
            self._connection = self._connect()
            if self._schema:
                self.run(f"use schema {_folded(self._schema)}")
        cursor = self._connection.cursor()
        if are_remembered():
            self._beside.submit(cursor.execute, statement, values or None).result()
        else:
            cursor.execute(statement, values or None)
        return cursor


class Answer:
    """Rows of a cursor, as the types that the runner knows."""

    def __init__(self, cursor: SnowflakeCursor) -> None:
        self._cursor = cursor

    def fetchone(self) -> Row | None:
        """The next row."""
        return self._cursor.fetchone()

    def fetchmany(self, size: int, /) -> list[Row]:
        """So many of the next rows."""
        return self._cursor.fetchmany(size)

    def fetchall(self) -> list[Row]:
        """The rest; many rows come as Arrow batches, which cost a fraction."""
        if (self._cursor.rowcount or 0) < _STREAMED:
            return self._cursor.fetchall()
        rows: list[Row] = []
        for batch in self._cursor.fetch_arrow_batches():
            rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
        return rows


def _folded(name: str) -> str:
    return name if name.isidentifier() else quoted(name)
