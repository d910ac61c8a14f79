"""The words in which the engines differ: pure text, put into statements.

A statement is written once, in SQL that both engines have; where they have not the same
word, these say it. Parameters are `?`; a list is one parameter, for `among`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

PORTION_BYTES = 1_000_000
"""What Snowflake advises for the text of a statement with all that is bound to it."""


class Words(ABC):
    """How an engine says what another says otherwise."""

    seq: ClassVar[str]
    """The column that numbers the rows of an outbox, rising in the order of leaving."""
    materialized: ClassVar[str] = ""
    """What keeps a CTE from being computed twice."""

    @abstractmethod
    def tables_of(self, database: str) -> str:
        """What lists a database's tables, by table_schema and table_name."""

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
        """Whether a column is one of a list of texts, which is one parameter.

        Stands in a WHERE, by itself or with AND.
        """

    @abstractmethod
    def one_of(self, column: str) -> str:
        """The same for a short list, wherever a condition may stand."""

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
        """A table of a parameter of `portions`, in parentheses."""

    @abstractmethod
    def checksum(self, *columns: str, where: str) -> str:
        """An aggregate over some whole rows, in whatever order they come."""

    @abstractmethod
    def matches(self, text: str) -> str:
        """Whether a pattern, the parameter, is found anywhere, in any case."""


def portions(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Rows as parameters for `rows_of`, a statement each: none is too long for one.

    Only a row that is longer alone makes a longer parameter.
    """
    portion: list[str] = []
    size = 0
    for row in rows:
        text = json.dumps(list(row), ensure_ascii=False)
        long = len(text.encode("utf-8", "surrogatepass")) + 1
        if portion and size + long > PORTION_BYTES:
            yield f"[{','.join(portion)}]"
            portion, size = [], 0
        portion.append(text)
        size += long
    if portion:
        yield f"[{','.join(portion)}]"
