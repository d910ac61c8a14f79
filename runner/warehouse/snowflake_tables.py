"""The tables that the runner makes in Snowflake, column by column.

They stand before the transaction that fills them: to make one would commit it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..manifest import Relation

OUTBOX = {
    "row_key": "varchar",
    "change": "varchar",
    "payload": "varchar",
    "row_json": "varchar",
    "row_hash": "varchar",
    "data_points": "number",
    "key_count": "number",
    "problem": "varchar",
    "operation": "varchar",
    "scope": "varchar",
    "user_key": "varchar",
    "user_keys": "array",
    "sort_key": "varchar",
    "adoptable": "boolean",
    "reach": "number",
    "sent_times": "varchar",
    "aside": "varchar",
    "seq": "number",
}
"""The columns of every outbox; what a sync's rows have not is null."""

WORK = {
    "touched_users": {"user_key": "varchar"},
    "new_users": {"user_key": "varchar"},
    "erased_users": {"user_key": "varchar"},
    "stretches": {
        "first_seq": "number",
        "last_seq": "number",
        "outcome": "varchar",
        "reason": "varchar",
        "status": "varchar",
    },
    "young_rows": {"row_key": "varchar", "added_at": "timestamp_ntz"},
    "attempts": {"row_key": "varchar", "row_hash": "varchar", "attempts": "number"},
    "rewritten": {**OUTBOX, "place": "number"},
    "served": {"key": "varchar", "digest": "varchar"},
    "compared": {"key": "varchar", "state": "varchar"},
}
"""Tables of a session alone, made when it begins."""


def made(kind: str, table: Relation | str, columns: Mapping[str, str]) -> str:
    """The statement that makes a table, in place of any of its name."""
    spelt = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    return f"create or replace {kind} {table} ({spelt})"
