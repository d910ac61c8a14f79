"""Whose visits are whose: the anonymous ids of people who must never be sent again.

Once somebody is erased nothing says any more that a visitor was them, so this is asked
of the ledger and of the models before either forgets it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    import duckdb

    from ..ledger import Ledger
    from ..manifest import Relation


def visitors_of(
    ledger: Ledger, users: Iterable[str] | None = None, told_by: Iterable[Relation] = ()
) -> list[str]:
    """The anonymous ids of these users, or of everybody who is suppressed.

    Users are texts such as 'external_id:c1', and what is returned is such as
    'anonymous_id:4f2a'. Looks into what was said to Movable Ink, or was to be said, and
    into those of the relations `told_by` that are built and have both ids.
    Raises ConfigError where one of them cannot be read.
    """
    if users is None:
        chosen, values = f"select user_hash from {ledger.suppressed}", []
    else:
        hashes = [hashlib.sha256(user.encode()).hexdigest() for user in users]
        chosen, values = "select unnest(?::varchar[])", [hashes]
    pairs = [
        f"""
        select
            json_extract_string({content}, '$.user_id') as user_id,
            json_extract_string({content}, '$.anonymous_id') as anonymous_id
        from {table} where starts_with({content}, '{beginning}')
        """
        for table, content, beginning in (
            (ledger.sent, "row_json", '{"event":"identify",'),
            (ledger.rejected, "payload", '{"type":"identify",'),
            (ledger.unknown, "payload", '{"type":"identify",'),
        )
    ]
    pairs += [
        "select cast(user_id as varchar), cast(anonymous_id as varchar) "
        f"from {relation}"
        for relation in _with_both_ids(ledger.connection, told_by)
    ]
    rows = _read(
        ledger.connection,
        f"""
        select distinct 'anonymous_id:' || anonymous_id
        from ({" union all ".join(pairs)})
        where anonymous_id <> '' and sha256('external_id:' || user_id) in ({chosen})
        """,
        values,
    )
    return [str(visitor) for (visitor,) in rows]


def _with_both_ids(
    connection: duckdb.DuckDBPyConnection, relations: Iterable[Relation]
) -> list[Relation]:
    found = connection.execute(
        """
        select database_name, schema_name, table_name from duckdb_columns()
        where column_name in ('user_id', 'anonymous_id')
        group by all having count(*) = 2
        """
    ).fetchall()
    return [
        each
        for each in relations
        if (each.database, each.schema, each.name) in set(found)
    ]


def _read(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object]
) -> list[tuple[object, ...]]:
    import duckdb  # noqa: PLC0415 - loaded by the caller already

    try:
        return connection.execute(query, list(values)).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        msg = (
            "A model upstream of Movable Ink's events cannot be read, so it is not "
            "known which visitor an erased customer was. Nothing was done. Run: runner "
            "build"
        )
        raise ConfigError(msg) from None
