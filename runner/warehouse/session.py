"""What the runner asks of a warehouse, and the words in which the engines differ.

A statement is written once, in SQL that both engines have; where they have not the same
word, the session says it. Parameters are `?`; a list is one parameter, for `among`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Literal, Protocol

from ..manifest import Relation

Row = tuple[Any, ...]

Fault = Literal["missing", "warehouse", "statement"]
"""A relation is not there; the engine itself failed; this statement did."""


class Rows(Protocol):
    """The answer to a statement."""

    def fetchone(self) -> Row | None:
        """The next row."""

    def fetchmany(self, size: int, /) -> list[Row]:
        """So many of the next rows; none at the end."""

    def fetchall(self) -> list[Row]:
        """The rest."""


class Session(ABC):
    """One open connection to the warehouse."""

    seq: ClassVar[str]
    """The column that numbers the rows of an outbox, rising in the order of leaving."""
    materialized: ClassVar[str] = ""
    """What keeps a CTE from being computed twice."""

    @abstractmethod
    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement."""

    @abstractmethod
    def change(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run an insert, update or delete; return how many rows it touched."""

    @abstractmethod
    def fault(self, error: Exception) -> Fault | None:
        """What an error of the engine's is about; None for any other error."""

    # Transactions, and tables in them.

    @abstractmethod
    def transaction(self, mark: Relation) -> AbstractContextManager[None]:
        """All of it or nothing; `mark` is the ledger's lease."""

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is done is undone at the end."""
        self.execute("begin")
        try:
            yield
        finally:
            self.execute("rollback")

    @abstractmethod
    def prepare(
        self, outboxes: Iterable[Relation], *, keep: bool
    ) -> AbstractContextManager[None]:
        """Make room for outboxes; afterwards they are gone but where all went well."""

    @abstractmethod
    def leave_soon(self) -> None:
        """This is one of many short visits."""

    @abstractmethod
    def fill(
        self, table: Relation | str, query: str, parameters: Sequence[Any] = ()
    ) -> None:
        """Make `table` what the query answers; a mere name is this session's alone."""

    @abstractmethod
    def fill_outbox(
        self, outbox: Relation | str, columns: Sequence[str], query: str, order: str
    ) -> None:
        """Make an outbox of the query's columns, numbered in this order, if any."""

    @abstractmethod
    def rewrite(self, outbox: Relation | str, query: str) -> None:
        """Make an outbox what a query over itself answers, numbered anew by `place`."""

    @abstractmethod
    def drop(self, table: Relation | str) -> None:
        """Drop a table; within a transaction, once that has ended well."""

    @abstractmethod
    def tables_of(self, database: str) -> str:
        """What lists a database's tables, by table_schema and table_name."""

    @abstractmethod
    def has(self, table: Relation) -> bool:
        """Whether there is such a table or view."""

    @abstractmethod
    def columns_of(self, relation: Relation | str) -> dict[str, str]:
        """Column -> type of a table or view, as attributes are named."""

    # Words.

    @abstractmethod
    def size(self, text: str) -> str:
        """The bytes of a text."""

    @abstractmethod
    def sha256(self, text: str) -> str:
        """The hash of a text, in small hexadecimal digits."""

    @abstractmethod
    def member(self, json_text: str, *path: str) -> str:
        """A member of a JSON text, as text; null where it is none."""

    @abstractmethod
    def array_member(self, json_text: str, name: str) -> str:
        """A member that is an array of texts."""

    @abstractmethod
    def unnested(self, table: str, array: str, name: str, *others: str) -> str:
        """A query: one row `name` for each text in an array, with other columns."""

    @abstractmethod
    def among(self, column: str) -> str:
        """Whether a column is one of a list of texts, which is one parameter."""

    @abstractmethod
    def overlaps(self, array: str) -> str:
        """Whether an array of texts has one of a list, which is one parameter."""

    @abstractmethod
    def column(self, name: str) -> str:
        """A column, by the name that `columns_of` gives it."""

    @abstractmethod
    def json_of(self, columns: Iterable[str]) -> str:
        """A row as JSON text, by the names that `columns_of` gives."""

    @abstractmethod
    def rows_of(self, columns: Mapping[str, str]) -> str:
        """A table of a parameter that `bound` has made, in parentheses."""

    @abstractmethod
    def checksum(self, *columns: str) -> str:
        """An aggregate over whole rows, in whatever order they come."""

    @abstractmethod
    def matches(self, text: str) -> str:
        """Whether a pattern, the parameter, is found anywhere, in any case."""


def bound(rows: Iterable[Sequence[object]]) -> str:
    """Rows as one parameter for `rows_of`."""
    return json.dumps([list(row) for row in rows], ensure_ascii=False)
