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
    "runner_touched_users": {"user_key": "varchar"},
    "runner_new_users": {"user_key": "varchar"},
    "runner_erased_users": {"user_key": "varchar"},
    "runner_stretches": {
        "first_seq": "number",
        "last_seq": "number",
        "outcome": "varchar",
        "reason": "varchar",
        "status": "varchar",
    },
    "runner_young_rows": {"row_key": "varchar", "added_at": "timestamp_ntz"},
    "runner_attempts": {
        "row_key": "varchar",
        "row_hash": "varchar",
        "attempts": "number",
    },
    "runner_rewritten": {
        **{name: kind for name, kind in OUTBOX.items() if name != "seq"},
        "place": "number",
    },
    "runner_served": {"key": "varchar", "digest": "varchar"},
    "runner_compared": {"key": "varchar", "state": "varchar"},
}
"""Tables of a session alone, made before it first fills one.

The prefix keeps them apart from a user's: who does not own a table of that name in the
schema may make no temporary one, and it would hide the other.
"""


def made(kind: str, table: Relation | str, columns: Mapping[str, str]) -> str:
    """The statement that makes a table, in place of any of its name."""
    spelt = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    return f"create or replace {kind} {table} ({spelt})"
