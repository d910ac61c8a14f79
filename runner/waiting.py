"""Who must wait: users whose identity has just changed, or who are new to Braze.

Braze asks for five minutes between dependent calls on different endpoints (braze-api
sheet 1.7, 3): a profile that is not visible yet would be created anew, or ignored
without a word. Rows that wait stay pending; the next push looks again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from .ledger import Ledger, utcnow
from .manifest import Relation, Sync
from .settings import Limits

_USER_OF_ATTRIBUTES = """
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
        where list_contains(?, sync) and sent_at > ?
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
    whens = []
    if sync.kind.is_identity:
        whens.append(
            "when list_has_any(user_keys, (select list(user_key) from touched_users))"
        )
        whens.append("when _place in (select _place from later_rows)")
    elif _is_any(ledger, "touched_users"):
        user = "user_key" if is_ordered else _USER_OF_ATTRIBUTES
        whens.append(f"when {user} in (select user_key from touched_users)")
    if sync.kind.needs_users and _is_any(ledger, "new_users"):
        whens.append("when user_key in (select user_key from new_users)")
    return " ".join(f"{when} then 'held'" for when in whens)


def note(ledger: Ledger, sync: Sync, outbox: Relation | str) -> None:
    """What this plan touches makes the syncs after it wait as well."""
    if sync.kind.is_identity:
        ledger.connection.execute(
            f"insert into touched_users select distinct unnest(user_keys) from {outbox}"
        )
    elif sync.object == "attributes":
        ledger.connection.execute(
            f"""
            insert into new_users
            select 'external_id:' || row_key from {outbox}
            where change = 'added' and starts_with(payload, '{{"external_id":')
            """
        )


def _is_any(ledger: Ledger, table: str) -> bool:
    return ledger.connection.execute(f"from {table} limit 1").fetchone() is not None
