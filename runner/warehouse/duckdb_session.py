"""A session with a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..manifest import Relation
from .duckdb_words import DuckDBWords
from .session import Fault, Row, Rows, Session

if TYPE_CHECKING:
    import duckdb


class DuckDBSession(DuckDBWords, Session):
    """Tables may be made and dropped within a transaction here."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement; a list is a list of texts."""
        return self.connection.execute(statement, list(parameters))

    def change(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run an insert, update or delete; return how many rows it touched."""
        row = self.execute(statement, parameters).fetchone()
        return int(row[0]) if row else 0

    def fault(self, error: Exception) -> Fault | None:
        """By the class that DuckDB gives its errors."""
        import duckdb  # noqa: PLC0415 - loaded by the caller already

        of_the_engine = (
            duckdb.IOException,
            duckdb.OutOfMemoryException,
            duckdb.InterruptException,
        )
        if isinstance(error, duckdb.CatalogException):
            return "missing"
        if isinstance(error, of_the_engine):
            return "warehouse"
        return "statement" if isinstance(error, duckdb.Error) else None

    @contextmanager
    def transaction(self, mark: Relation) -> Iterator[None]:  # noqa: ARG002
        """All of it or nothing; a commit of a file's is never in doubt."""
        self.execute("begin")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")

    @contextmanager
    def prepare(
        self,
        outboxes: Iterable[Relation],  # noqa: ARG002
        *,
        keep: bool,  # noqa: ARG002
    ) -> Iterator[None]:
        """A table is made where it is filled, and undone with the rest.

        An outbox is read once or twice and dropped: packing it is waste.
        """
        self.execute("set force_compression = 'uncompressed'")
        try:
            yield
        finally:
            self.execute("set force_compression = 'auto'")

    def leave_soon(self) -> None:
        """Not packed at the end: an outbox would be packed to be dropped."""
        self.execute("pragma disable_checkpoint_on_shutdown")

    def fill(
        self, table: Relation | str, query: str, parameters: Sequence[Any] = ()
    ) -> None:
        """Replace the table by one of the query's columns."""
        kind = "temp table" if isinstance(table, str) else "table"
        self.execute(f"create or replace {kind} {table} as {query}", parameters)

    def fill_outbox(
        self,
        outbox: Relation | str,
        columns: Sequence[str],  # noqa: ARG002
        query: str,
        order: str,
    ) -> None:
        """A table in this order has the numbers of its rows in it."""
        self.fill(outbox, f"{query} {f'order by {order}' if order else ''}")

    def rewrite(self, outbox: Relation | str, query: str) -> None:
        """By way of a copy: a table cannot be made of itself."""
        self.fill("rewritten", query)
        self.execute(f"drop table {outbox}")
        # Ordered anew: the copy of a large table is in no order of itself.
        self.fill(outbox, "select * exclude (place) from rewritten order by place")
        self.execute("drop table rewritten")

    def drop(self, table: Relation | str) -> None:
        """Drop a table, as part of a transaction."""
        self.execute(f"drop table {table}")

    def has(self, table: Relation) -> bool:
        """Whether there is such a table or view."""
        row = self.execute(
            f"select 1 from {self.tables_of(table.database)} "
            "where table_schema = ? and table_name = ?",
            [table.schema, table.name],
        ).fetchone()
        return row is not None

    def columns_of(self, relation: Relation | str) -> dict[str, str]:
        """Column -> type of a table or view.

        The catalog knows them: to describe a pending view is to plan it, 70 ms. What it
        does not know is temporary, or is not there and an error.
        """
        rows = self._catalogued(relation) if isinstance(relation, Relation) else []
        rows = rows or self.execute(f"describe {relation}").fetchall()
        return {str(name): str(kind) for name, kind, *_ in rows}

    def _catalogued(self, relation: Relation) -> list[Row]:
        return self.execute(
            "select column_name, data_type from duckdb_columns() where "
            "database_name = ? and schema_name = ? and table_name = ? "
            "order by column_index",
            [relation.database, relation.schema, relation.name],
        ).fetchall()
