"""DuckDB's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .words import Words


class DuckDBWords(Words):
    """As DuckDB says it."""

    seq = "rowid"
    """DuckDB numbers the rows of a fresh table for nothing, where a window function
    would cost a pass; an outbox is never written again."""
    materialized = "materialized"

    def tables_of(self, database: str) -> str:
        """Here lists name what is in every database; the standard's takes 12 ms."""
        lists = " union all ".join(
            f"select schema_name as table_schema, {kind}_name as table_name "
            f"from duckdb_{kind}s() where database_name = {text_literal(database)}"
            for kind in ("table", "view")
        )
        return f"({lists}) as tables"

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

    def one_of(self, column: str) -> str:
        """Whether a column is in a list."""
        return self.among(column)

    def overlaps(self, array: str) -> str:
        """Whether two lists have an element in common."""
        return f"list_has_any({array}, ?)"

    def column(self, name: str) -> str:
        """A column by its name."""
        return '"' + name.replace('"', '""') + '"'

    def json_of(self, columns: Iterable[str]) -> str:
        """A row as JSON text."""
        members = ", ".join(
            f"{text_literal(name)}, {self.column(name)}" for name in columns
        )
        return f"cast(json_object({members}) as varchar)"

    def rows_of(self, columns: Mapping[str, str]) -> str:
        """A table of an array of arrays."""
        cells = ", ".join(
            f"cast(json_extract_string(cells, '$[{at}]') as {kind}) as {name}"
            for at, (name, kind) in enumerate(columns.items())
        )
        return f"(select {cells} from (select unnest(cast(? as json[])) as cells))"

    def checksum(self, *columns: str, where: str) -> str:
        """The hashes of the rows, folded."""
        return f"bit_xor(case when {where} then hash({', '.join(columns)}) end)"

    def matches(self, text: str) -> str:
        """Whether a pattern is found anywhere, in any case."""
        return f"regexp_matches({text}, ?, 'i')"


def text_literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
