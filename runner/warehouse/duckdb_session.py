"""A session with a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..manifest import Relation
from .session import Fault, Rows, Session

if TYPE_CHECKING:
    import duckdb


class DuckDBSession(Session):
    """Tables may be made and dropped within a transaction here."""

    seq = "rowid"
    """DuckDB numbers the rows of a fresh table for nothing, where a window function
    would cost a pass; an outbox is never written again."""
    materialized = "materialized"

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

    def tables_of(self, database: str) -> str:
        """Here one list names the tables of every database."""
        return (
            "(select * from information_schema.tables "
            f"where table_catalog = {_text(database)}) as tables"
        )

    def has(self, table: Relation) -> bool:
        """Whether there is such a table or view."""
        row = self.execute(
            f"select 1 from {self.tables_of(table.database)} "
            "where table_schema = ? and table_name = ?",
            [table.schema, table.name],
        ).fetchone()
        return row is not None

    def columns_of(self, relation: Relation | str) -> dict[str, str]:
        """Column -> type of a table or view."""
        rows = self.execute(f"describe {relation}").fetchall()
        return {str(name): str(kind) for name, kind, *_ in rows}

    def size(self, text: str) -> str:
        """The bytes of a text."""
        return f"strlen({text})"

    def sha256(self, text: str) -> str:
        """The hash of a text, in small hexadecimal digits."""
        return f"sha256({text})"

    def member(self, json_text: str, *path: str) -> str:
        """A member of a JSON text, as text."""
        return f"json_extract_string({json_text}, '$.{'.'.join(path)}')"

    def array_member(self, json_text: str, name: str) -> str:
        """A member that is an array of texts."""
        return f"cast(json_extract({json_text}, '$.{name}') as varchar[])"

    def unnested(self, table: str, array: str, name: str, *others: str) -> str:
        """A query with one row for each element."""
        columns = ", ".join([*others, f"unnest({array}) as {name}"])
        return f"select {columns} from {table}"

    def among(self, column: str) -> str:
        """Whether a column is in a list."""
        return f"list_contains(?, {column})"

    def overlaps(self, array: str) -> str:
        """Whether two lists have an element in common."""
        return f"list_has_any({array}, ?)"

    def column(self, name: str) -> str:
        """A column by its name."""
        return '"' + name.replace('"', '""') + '"'

    def json_of(self, columns: Iterable[str]) -> str:
        """A row as JSON text."""
        members = ", ".join(f"{_text(name)}, {self.column(name)}" for name in columns)
        return f"cast(json_object({members}) as varchar)"

    def rows_of(self, columns: Mapping[str, str]) -> str:
        """A table of an array of arrays."""
        cells = ", ".join(
            f"cast(json_extract_string(cells, '$[{at}]') as {kind}) as {name}"
            for at, (name, kind) in enumerate(columns.items())
        )
        return f"(select {cells} from (select unnest(cast(? as json[])) as cells))"

    def checksum(self, *columns: str) -> str:
        """The hashes of all rows, folded."""
        return f"bit_xor(hash({', '.join(columns)}))"

    def matches(self, text: str) -> str:
        """Whether a pattern is found anywhere, in any case."""
        return f"regexp_matches({text}, ?, 'i')"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
