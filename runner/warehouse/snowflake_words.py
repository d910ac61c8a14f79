"""Snowflake's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .words import Words


class SnowflakeWords(Words):
    """As Snowflake says it."""

    seq = "seq"

    def tables_of(self, database: str) -> str:
        """Every database has its own list."""
        return f"{quoted(database)}.information_schema.tables"

    def size(self, text: str) -> str:
        """The bytes of a text."""
        return f"octet_length({text})"

    def sha256(self, text: str) -> str:
        """The hash of a text, in small hexadecimal digits."""
        return f"sha2({text}, 256)"

    def member(self, json_text: str, *path: str) -> str:
        """A member of a JSON text, as text."""
        steps = "".join(f"['{each}']" for each in path)
        return f"cast(try_parse_json({json_text}){steps} as varchar)"

    def array_member(self, json_text: str, name: str) -> str:
        """A member that is an array of texts."""
        return f"try_parse_json({json_text})['{name}']"

    def unnested(self, table: str, array: str, name: str, *others: str) -> str:
        """A query with one row for each element."""
        columns = ", ".join([*others, f"cast(element.value as varchar) as {name}"])
        elements = f"lateral flatten(input => {array}) as element"
        return f"select {columns} from {table}, {elements}"

    def among(self, column: str) -> str:
        """Whether a column is in a list: a join, however long the list."""
        texts = (
            "select cast(value as varchar) from table(flatten(input => parse_json(?)))"
        )
        return f"{column} in ({texts})"

    def one_of(self, column: str) -> str:
        """Whether a column is in a list; a subquery may not stand beside an OR."""
        return self.overlaps(f"array_construct({column})")

    def overlaps(self, array: str) -> str:
        """Whether two lists have an element in common."""
        return f"arrays_overlap({array}, cast(parse_json(?) as array))"

    def column(self, name: str) -> str:
        """A column; what is all small letters here is all capitals there."""
        return quoted(name.upper() if name == name.lower() else name)

    def json_of(self, columns: Iterable[str]) -> str:
        """A row as JSON text."""
        members = ", ".join(
            f"{text_literal(name)}, {self.column(name)}" for name in columns
        )
        return f"to_json(object_construct_keep_null({members}))"

    def rows_of(self, columns: Mapping[str, str]) -> str:
        """A table of an array of arrays."""
        cells = ", ".join(
            f"cast(cells.value[{at}] as {kind}) as {name}"
            for at, (name, kind) in enumerate(columns.items())
        )
        return f"(select {cells} from table(flatten(input => parse_json(?))) as cells)"

    def checksum(self, *columns: str, where: str) -> str:
        """The hashes of the rows, folded."""
        return f"bitxor_agg(case when {where} then hash({', '.join(columns)}) end)"

    def matches(self, text: str) -> str:
        """Whether a pattern is found anywhere, in any case."""
        return f"regexp_instr({text}, ?, 1, 1, 0, 'i') > 0"


def text_literal(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
