"""The tables of Currents: one an event type.

A batch is one transaction: its rows and its lines in the manifest are there together or
not at all, so a load that was killed goes on where it was. An event whose `id` the
table has already is left out, whichever file brings it.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from .manifest import Manifest, columns, quoted
from .readers import ROWS_BITS, ReadFile

_OURS = {"_file": "varchar", "_hour": "timestamp", "_loaded_at": "timestamp"}
_FUTURE_SECONDS = 3_600
"""A clock that is an hour ahead is wrong; less is nobody's fault."""
_MILLISECONDS = 100_000_000_000
"""A `time` above this cannot be seconds: that would be the year 5138."""


class Spoilt(Exception):
    """One file of the batch cannot be loaded; its `outcome` and `reason`, if alone."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Committed:
    """What a batch brought."""

    new: Mapping[int, int]
    """Number of a file -> events that no file had brought before."""
    future: Mapping[str, int]
    """Event type -> how many of those are dated in the future."""


class Tables:
    """The schema of Currents through one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self.manifest = Manifest(connection, schema)

    def commit(self, batch: Sequence[ReadFile], moment: datetime) -> Committed:
        """Load the rows of a batch, or raise Spoilt and change nothing."""
        future: dict[str, int] = {}
        self._connection.begin()
        try:
            self.manifest.note(batch)
            tables = columns(self._connection, self._schema)
            for table, files in _by_table(batch):
                self._widen(table, tables.get(table, {}), files)
                for alike in _by_columns(files):
                    self._insert(table, alike, moment)
                    kind = alike[0].file.event_type
                    future[kind] = future.get(kind, 0) + self._count_future()
            new = self.manifest.record(moment)
            self._connection.commit()
        except BaseException as error:
            # Some errors have ended the transaction already.
            with contextlib.suppress(duckdb.TransactionException):
                self._connection.rollback()
            if spoilt := _spoilt(error):
                raise spoilt from error
            raise
        return Committed(new, {kind: count for kind, count in future.items() if count})

    def _relation(self, table: str) -> str:
        return f"{quoted(self._schema)}.{quoted(table)}"

    def _widen(
        self, table: str, found: Mapping[str, str], files: Sequence[ReadFile]
    ) -> None:
        """Make the table, or add and widen columns, until every file fits into it."""
        wanted: dict[str, str] = {}
        for each in files:
            for name, kind in each.columns:
                wanted[name] = _wider(wanted.get(name, kind), kind)
        relation = self._relation(table)
        if not found:
            defined = ", ".join(
                f"{quoted(name)} {kind}" for name, kind in (wanted | _OURS).items()
            )
            self._connection.execute(f"create table {relation} ({defined})")
            return
        for name, kind in wanted.items():
            if name not in found:
                self._connection.execute(
                    f"alter table {relation} add column {quoted(name)} {kind}"
                )
            elif (wider := _wider(found[name], kind)) != found[name]:
                self._connection.execute(
                    f"alter table {relation} alter column {quoted(name)} "
                    f"set data type {wider}"
                )

    def _insert(self, table: str, files: Sequence[ReadFile], moment: datetime) -> None:
        """Insert what is new of files with the same columns."""
        lines, paths = _lines(files), [glob.escape(str(each.lines)) for each in files]
        time = "time" if ("time", "bigint") in files[0].columns else "null"
        relation = self._relation(table)
        self._connection.execute(
            "create or replace temp table arrivals as "
            f"select _row, id, cast({time} as bigint) as time from {lines}",
            [paths],
        )
        # Of two arrivals the first counts. The ids that the table has are sought by
        # going through it once, beside a hash of the batch alone.
        self._connection.execute(
            f"""
            create or replace temp table fresh as
            select min(_row) as _row, min_by(time, _row) as time
            from arrivals
            where id not in (select id from {relation} semi join arrivals using (id))
            group by id
            """
        )
        only_fresh = ""
        if self._count("arrivals") != self._count("fresh"):
            only_fresh = "semi join fresh on lines._row = fresh._row"
        names = ", ".join(quoted(name) for name, _ in files[0].columns)
        self._connection.execute(
            f"""
            insert into {relation} ({names}, {", ".join(_OURS)})
            select
                {names}, batch_files.path, batch_files.hour, cast(? as timestamp)
            from {lines} as lines
            {only_fresh}
            inner join batch_files on batch_files.number = lines._row >> {ROWS_BITS}
            """,
            [moment, paths],
        )
        self._connection.execute(
            f"insert into new_rows select _row >> {ROWS_BITS}, count(*) from fresh "
            "group by all"
        )

    def _count_future(self) -> int:
        """How many of the rows that were inserted last are dated in the future."""
        return self._count(
            f"fresh where if(time > {_MILLISECONDS}, time // 1000, time) "
            f"> epoch(now()) + {_FUTURE_SECONDS}"
        )

    def _count(self, rows: str) -> int:
        found = self._connection.execute(f"select count(*) from {rows}").fetchone()
        return int(found[0]) if found else 0


def _spoilt(error: BaseException) -> Spoilt | None:
    """What the error says of a file; nothing where the warehouse itself has failed."""
    if isinstance(error, duckdb.DataError | duckdb.InvalidInputException):
        return Spoilt("refused", "its values do not fit the types of its schema")
    # A commit that lacks memory is DuckDB's TransactionException, whose text tells.
    is_full = isinstance(error, duckdb.OutOfMemoryException) or (
        isinstance(error, duckdb.TransactionException) and "memory_limit" in str(error)
    )
    if is_full:
        # Not for good: the memory may be ours to mend, and not the file's fault.
        reason = "it takes more memory than DuckDB may have (memory_limit)"
        return Spoilt("unreadable", reason)
    return None


def _by_table(batch: Sequence[ReadFile]) -> list[tuple[str, list[ReadFile]]]:
    def table(each: ReadFile) -> str:
        return each.file.table

    read = sorted((each for each in batch if each.outcome == "read"), key=table)
    return [(name, list(files)) for name, files in itertools.groupby(read, table)]


def _by_columns(files: Sequence[ReadFile]) -> list[list[ReadFile]]:
    """Files that have the same columns in the same order are read together."""
    groups: dict[tuple[tuple[str, str], ...], list[ReadFile]] = {}
    for each in files:
        if each.rows:
            groups.setdefault(each.columns, []).append(each)
    return list(groups.values())


def _wider(one: str, other: str) -> str:
    """The type of a column that takes the values of both."""
    if one == other:
        return one
    return "double" if {one, other} == {"bigint", "double"} else "varchar"


def _lines(files: Sequence[ReadFile]) -> str:
    """The relation that runner.currents.rows has written; its paths are bound."""
    named = {"_row": "bigint", **dict(files[0].columns)}
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in named.items())
    # Where values hold newlines, the middle of a file does not say where a line begins.
    parallel = "false" if any(each.is_quoted for each in files) else "true"
    return (
        f"read_csv(?, columns = {{{types}}}, auto_detect = false, header = false, "
        "delim = '\x1f', quote = '\x1d', escape = '\x1d', nullstr = '', "
        "allow_quoted_nulls = false, new_line = '\\n', max_line_size = 16000000, "
        f"buffer_size = 16000000, parallel = {parallel})"
    )
