"""What the runner asks of a warehouse."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Literal, Protocol

from ..manifest import Relation
from .words import Words, portions

__all__ = ["Fault", "Row", "Rows", "Session", "portions"]

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


class Session(Words):
    """One open connection to the warehouse."""

    sees_all: ClassVar[bool] = True
    """Whether what `has` does not find is nowhere, and no other role's either."""

    @abstractmethod
    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement."""

    @abstractmethod
    def change(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run an insert, update or delete; return how many rows it touched."""

    @abstractmethod
    def fault(self, error: Exception) -> Fault | None:
        """What an error of the engine's is about; None for any other error."""

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
    def has(self, table: Relation) -> bool:
        """Whether there is such a table or view."""

    @abstractmethod
    def columns_of(self, relation: Relation | str) -> dict[str, str]:
        """Column -> type of a table or view, as attributes are named."""
