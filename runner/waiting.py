"""Who must wait: users whose identity has just changed, or who are new to Braze.

Braze asks for five minutes between dependent calls on different endpoints (braze-api
sheet 1.7, 3): a profile that is not visible yet would be created anew, or ignored
without a word. Rows that wait stay pending; the next push looks again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from .columns import WAITS
from .ledger import SEQ, Ledger, utcnow
from .manifest import Relation, Sync
from .settings import Limits

USER_OF_ATTRIBUTES = """
    case
        when starts_with(payload, '{"external_id":') then 'external_id:' || row_key
        when starts_with(payload, '{"braze_id":') then 'braze_id:' || row_key
        when starts_with(payload, '{"email":') then 'email:' || lower(row_key)
        when starts_with(payload, '{"phone":') then 'phone:' || row_key
        else
            'user_alias:' || json_extract_string(payload, '$.user_alias.alias_label')
            || ':' || json_extract_string(payload, '$.user_alias.alias_name')
    end
"""


def begin(ledger: Ledger, syncs: Iterable[Sync], limits: Limits) -> None:
    """Note who was touched within the time that Braze asks for; once for each plan."""
    since = utcnow() - timedelta(seconds=limits.dependent_seconds)
    every = list(syncs)
    identity = [sync.name for sync in every if sync.kind.is_identity]
    attributes = [sync.name for sync in every if sync.object == "attributes"]
    ledger.connection.execute(
        f"""
        create or replace temp table touched_users as
        select distinct unnest(
            cast(json_extract(row_json, '$.user_keys') as varchar[])
        ) as user_key
        from {ledger.sent}
        where list_contains(?, sync) and sent_at > ?
        """,
        [identity, since],
    )
    ledger.connection.execute(
        f"""
        create or replace temp table new_users as
        select 'external_id:' || row_key as user_key
        from {ledger.sent}
        where list_contains(?, sync) and added_at > ?
        """,
        [attributes, since],
    )


ROWS_OF_IDENTITY = """
    with pending as materialized (
        select *, row_number() over (order by sort_key, row_key) as _place
        from {pending}
    ),

    touches as (select _place, unnest(user_keys) as user_key from pending),

    first_touches as (
        select user_key, min(_place) as _place from touches group by user_key
    ),

    later_rows as (
        select touches._place
        from touches
        inner join first_touches on touches.user_key = first_touches.user_key
        where touches._place > first_touches._place
    )
"""
"""Of all rows that touch a user the first goes: Braze promises no order within a
request, so a merge into somebody who is merged himself must not travel with that."""


def clause(ledger: Ledger, sync: Sync, *, is_ordered: bool) -> str:
    """The `when ... then 'held'` for the rows of a sync that wait, or nothing."""
    kind = sync.kind
    if sync.destination == "movable_ink" and is_ordered:
        return f"when problem is null and {WAITS} is not null then 'held'"
    if not sync.is_to_braze:
        return ""
    tables = ["touched_users"] + (["new_users"] if kind.needs_users else [])
    tables = [table for table in tables if _is_any(ledger, table)]
    user = "user_key" if is_ordered else USER_OF_ATTRIBUTES
    if kind.is_identity:
        whens = ["when _place in (select _place from later_rows)"]
        whens += [
            "when _place in (select _place from touches where user_key in "
            f"(select user_key from {table}))"
            for table in tables
        ]
    else:
        whens = [f"when {user} in (select user_key from {table})" for table in tables]
    return " ".join(f"{when} then 'held'" for when in whens)


def note_new(ledger: Ledger, outbox: Relation | str) -> None:
    """Who is new to Braze by this plan's attributes: who needs them there must wait."""
    ledger.connection.execute(
        f"""
        insert into new_users
        select 'external_id:' || row_key from {outbox}
        where change = 'added' and starts_with(payload, '{{"external_id":')
        """
    )


def note_touched(ledger: Ledger, outbox: Relation | str) -> None:
    """Whom this plan's identity changes touch: every other row of theirs waits."""
    ledger.connection.execute(
        f"""
        insert into touched_users
        select distinct unnest(user_keys) from {outbox} where aside is null
        """
    )


def hold_touched(ledger: Ledger, outbox: Relation | str) -> None:
    """Set rows aside that were frozen before it was known whom the plan touches."""
    connection = ledger.connection
    users = "(select user_key from touched_users)"
    touched = f"aside is null and {USER_OF_ATTRIBUTES} in {users}"
    found = connection.execute(f"select 1 from {outbox} where {touched} limit 1")
    if found.fetchone() is None:
        return
    temporary = "temp " if isinstance(outbox, str) else ""
    connection.execute(
        f"""
        create temp table sorted_rows as
        select * replace (case when {touched} then 'held' else aside end as aside)
        from {outbox}
        order by aside nulls first, {SEQ}
        """
    )
    connection.execute(f"drop table {outbox}")
    # Ordered anew: the copy of a large table is in no order of itself.
    connection.execute(
        f"create {temporary}table {outbox} as from sorted_rows order by {SEQ}"
    )
    connection.execute("drop table sorted_rows")


def _is_any(ledger: Ledger, table: str) -> bool:
    return ledger.connection.execute(f"from {table} limit 1").fetchone() is not None
