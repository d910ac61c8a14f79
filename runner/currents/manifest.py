"""The manifest of Currents files: what was read of each, and what came of it.

Its changes belong to the transaction that loads the rows; whoever loads them commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from .event_types import MANIFEST_TABLE
from .readers import ReadFile

STATUS = {
    "read": "loaded",
    "refused": "quarantined",
    "partial": "partial",
    "unreadable": "unreadable",
}
"""What came of reading a file -> its status in the manifest."""
TRIED_AGAIN = {"partial", "unreadable"}
"""Statuses of files that every load looks at."""


class Manifest:
    """The table `currents_files` through one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self.table = f"{quoted(schema)}.{MANIFEST_TABLE}"

    def create(self) -> None:
        """Make the schema and the manifest where they are missing."""
        self._connection.execute(f"create schema if not exists {quoted(self._schema)}")
        self._connection.execute(
            f"""
            create table if not exists {self.table} (
                path varchar, size bigint, etag varchar, event_type varchar,
                hour timestamp, rows bigint, new_rows bigint, status varchar,
                reason varchar, loaded_at timestamp, set_aside_rows bigint
            )
            """
        )
        # Of a manifest that was made when such rows spoilt their file.
        self._connection.execute(
            f"alter table {self.table} add column if not exists set_aside_rows bigint"
        )

    @property
    def exists(self) -> bool:
        """Whether a load was ever made."""
        return MANIFEST_TABLE in columns(self._connection, self._schema)

    def known(self) -> dict[str, tuple[int, str, str]]:
        """Path -> size, etag and status of every file that was ever looked at."""
        rows = self._connection.execute(
            f"select path, size, etag, status from {self.table}"
        ).fetchall()
        return {path: (size, etag, status) for path, size, etag, status in rows}

    def note(self, batch: Sequence[ReadFile]) -> None:
        """Put the batch's files into temporary tables, where SQL can join them."""
        files = [
            (
                each.number,
                each.file.path,
                each.file.size,
                each.file.etag,
                each.file.event_type,
                each.file.hour,
                each.rows,
                STATUS[each.outcome],
                each.reason,
                each.set_aside,
            )
            for each in batch
        ]
        self._connection.execute(
            """
            create or replace temp table batch_files as
            select
                unnest(cast(? as bigint[])) as number,
                unnest(cast(? as varchar[])) as path,
                unnest(cast(? as bigint[])) as size,
                unnest(cast(? as varchar[])) as etag,
                unnest(cast(? as varchar[])) as event_type,
                unnest(cast(? as timestamp[])) as hour,
                unnest(cast(? as bigint[])) as rows,
                unnest(cast(? as varchar[])) as status,
                unnest(cast(? as varchar[])) as reason,
                unnest(cast(? as bigint[])) as set_aside_rows
            """,
            [list(column) for column in zip(*files, strict=True)],
        )
        self._connection.execute(
            "create or replace temp table new_rows (number bigint, new_rows bigint)"
        )

    def record(self, moment: datetime) -> dict[int, int]:
        """Write the noted files down; return each one's number of new rows.

        A file that is read again, because it has grown, keeps what it brought before.
        """
        self._connection.execute(
            f"""
            create or replace temp table manifest_rows as
            select
                batch_files.* exclude (number),
                coalesce(new_rows.new_rows, 0) + coalesce(before.new_rows, 0)
                    as new_rows
            from batch_files
            left join new_rows on batch_files.number = new_rows.number
            left join {self.table} as before on batch_files.path = before.path
            """
        )
        self._connection.execute(
            f"delete from {self.table} where path in (select path from manifest_rows)"
        )
        self._connection.execute(
            f"insert into {self.table} by name "
            "select *, cast(? as timestamp) as loaded_at from manifest_rows",
            [moment],
        )
        return dict(self._connection.execute("from new_rows").fetchall())


def columns(
    connection: duckdb.DuckDBPyConnection, schema: str
) -> dict[str, dict[str, str]]:
    """Table -> column -> type, in lower case, of a schema; nothing where it is missing.

    Of all tables at once: DuckDB takes 20 ms to say it of one, or of all.
    """
    rows = connection.execute(
        """
        select table_name, lower(column_name), lower(data_type) from duckdb_columns()
        where database_name = current_database() and schema_name = ?
        """,
        [schema],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def quoted(name: str) -> str:
    """The name as SQL takes any name."""
    return '"' + name.replace('"', '""') + '"'
