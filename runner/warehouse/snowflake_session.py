"""A session with Snowflake.

Three things are otherwise than in a file. Making or dropping a table commits the
transaction that is open: tables are made before one begins, and dropped after it. A
session may be over when it is next used: outside of a transaction it is begun anew. And
the answer to a commit may be lost: a mark in the ledger says whether it was done.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import DeliveryError
from ..manifest import Relation
from .session import Fault, Row, Rows, Session
from .snowflake_tables import OUTBOX, WORK, made
from .snowflake_words import SnowflakeWords, quoted

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

_OVER = {390104, 390105, 390108, 390110, 390111, 390112, 390114, 390115, 390195}
"""Errors that say a session is over, or never was."""
_OF_THE_ENGINE = {603, 604, 606, 625, 630}
"""A fault inside, a statement that was cancelled, no warehouse, a lock, a timeout."""
_MISSING = {2003, 2043}
"""Object does not exist or not authorized."""
_STREAMED = 1_000
"""Rows from which it is worth to read an answer as Arrow batches."""


class SnowflakeSession(SnowflakeWords, Session):
    """One session, begun when it is first used."""

    sees_all = False

    def __init__(self, connect: Callable[[], SnowflakeConnection], schema: str) -> None:
        self._connect = connect
        self._schema = schema
        self._connection: SnowflakeConnection | None = None
        self._in_transaction = False
        self._to_drop: list[Relation | str] = []
        self._empty: set[Relation] = set()

    def end(self) -> None:
        """Log out, if that is still possible."""
        connection, self._connection = self._connection, None
        self._in_transaction = False
        if connection is not None:
            connection.close(retry=False)

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement; a list is a list of texts."""
        return Answer(self._run(statement, parameters))

    def change(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run an insert, update or delete; return how many rows it touched."""
        return self._run(statement, parameters).rowcount or 0

    def _run(self, statement: str, parameters: Sequence[Any]) -> SnowflakeCursor:
        from snowflake.connector import errors  # noqa: PLC0415 - loaded with the session

        values = [
            json.dumps(each) if isinstance(each, list) else each for each in parameters
        ]
        if self._connection is None:
            self._begin()
        assert self._connection is not None  # noqa: S101 - begun above
        try:
            return _answered(self._connection, statement, values)
        except errors.Error as error:
            if getattr(error, "errno", None) not in _OVER or self._in_transaction:
                raise
        self.end()
        self._begin()
        return _answered(self._connection, statement, values)

    def _begin(self) -> None:
        self._connection = self._connect()
        cursor = self._connection.cursor()
        if self._schema:
            cursor.execute(f"use schema {_folded(self._schema)}")
        for name, columns in WORK.items():
            cursor.execute(made("temporary table", name, columns))

    def fault(self, error: Exception) -> Fault | None:
        """By the number that Snowflake gives its errors."""
        from snowflake.connector import errors  # noqa: PLC0415

        if not isinstance(error, errors.Error):
            return None
        is_its_own = error.errno in _OVER | _OF_THE_ENGINE
        if is_its_own or not isinstance(error, errors.ProgrammingError):
            return "warehouse"
        return "missing" if error.errno in _MISSING else "statement"

    @contextmanager
    def transaction(self, mark: Relation) -> Iterator[None]:
        """All of it or nothing; a lost answer to the commit is read back."""
        self.execute("begin")
        self._in_transaction = True
        token = secrets.token_hex(16)
        try:
            yield
            self._mark(mark, token)
        except BaseException:
            self._undo()
            raise
        self._commit(mark, token)
        self._in_transaction = False
        self._drop_now()

    def _mark(self, mark: Relation, token: str) -> None:
        """One row of the lease says which transaction was the last."""
        if not self.change(
            f"update {mark} set holder = ? where lease = 'commit'", [token]
        ):
            self.execute(
                f"insert into {mark} (lease, holder, epoch) values ('commit', ?, 0)",
                [token],
            )

    def _commit(self, mark: Relation, token: str) -> None:
        from snowflake.connector import errors  # noqa: PLC0415

        try:
            self._run("commit", [])
        except (errors.Error, OSError):
            self.end()
            found = self.execute(
                f"select 1 from {mark} where lease = 'commit' and holder = ?", [token]
            ).fetchone()
            if found is None:
                self._to_drop.clear()
                msg = (
                    "Snowflake did not commit what was acknowledged. Nothing is lost: "
                    "run again, and it is settled first."
                )
                raise DeliveryError(msg) from None

    def _undo(self) -> None:
        """Roll back; a session that cannot is ended, and its transaction with it."""
        from snowflake.connector import errors  # noqa: PLC0415

        self._to_drop.clear()
        try:
            self._run("rollback", [])
        except (errors.Error, OSError):
            self.end()
        self._in_transaction = False

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is done is undone at the end."""
        self.execute("begin")
        self._in_transaction = True
        try:
            yield
        finally:
            self._undo()

    @contextmanager
    def prepare(self, outboxes: Iterable[Relation], *, keep: bool) -> Iterator[None]:
        """Empty tables before the transaction; dropped if that does not end well."""
        rooms = list(outboxes)
        for outbox in rooms:
            self.execute(made("transient table", outbox, OUTBOX))
        self._empty.update(rooms)
        is_kept = False
        try:
            yield
            is_kept = keep
        finally:
            for outbox in rooms if not is_kept else ():
                self.drop(outbox)

    def leave_soon(self) -> None:
        """A session is not left."""

    def fill(
        self, table: Relation | str, query: str, parameters: Sequence[Any] = ()
    ) -> None:
        """Replace the rows of a table that is there already."""
        self.execute(f"delete from {table}")
        self.execute(f"insert into {table} {query}", parameters)

    def fill_outbox(
        self, outbox: Relation | str, columns: Sequence[str], query: str, order: str
    ) -> None:
        """Number the rows as they are put in; they lie in that order, too."""
        if isinstance(outbox, str):
            self.execute(made("temporary table", outbox, OUTBOX))
        elif outbox not in self._empty:
            self.execute(f"delete from {outbox}")
        else:
            self._empty.remove(outbox)
        self.execute(
            f"""
            insert into {outbox} ({", ".join(columns)}, seq)
            select
                {", ".join(columns)},
                row_number() over (order by {order or "row_key"}) - 1 as seq
            from ({query}) as frozen
            order by seq
            """
        )

    def rewrite(self, outbox: Relation | str, query: str) -> None:
        """By way of a copy: the query reads what it replaces."""
        names = ", ".join(name for name in OUTBOX if name != "seq")
        self.execute("delete from rewritten")
        self.execute(
            f"insert into rewritten ({names}, place) "
            f"select {names}, place from ({query}) as rewriting"
        )
        self.execute(f"delete from {outbox}")
        self.execute(
            f"insert into {outbox} ({names}, seq) "
            f"select {names}, row_number() over (order by place) - 1 from rewritten"
        )

    def drop(self, table: Relation | str) -> None:
        """Drop a table once the transaction has ended well."""
        self._to_drop.append(table)
        if not self._in_transaction:
            self._drop_now()

    def _drop_now(self) -> None:
        while self._to_drop:
            self.execute(f"drop table if exists {self._to_drop.pop()}")

    def has(self, table: Relation) -> bool:
        """Whether there is such a table or view."""
        row = self.execute(
            f"select 1 from {self.tables_of(table.database)} "
            "where table_schema = ? and table_name = ?",
            [table.schema, table.name],
        ).fetchone()
        return row is not None

    def columns_of(self, relation: Relation | str) -> dict[str, str]:
        """Column -> type; a name without a small letter leaves in small letters."""
        rows = self.execute(f"describe table {relation}").fetchall()
        return {
            (name.lower() if name == name.upper() else name): str(kind)
            for name, kind, *_ in rows
        }


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


def _answered(
    connection: SnowflakeConnection, statement: str, values: list[Any]
) -> SnowflakeCursor:
    cursor = connection.cursor()
    cursor.execute(statement, values or None)
    return cursor


def _folded(name: str) -> str:
    return name if name.isidentifier() else quoted(name)
