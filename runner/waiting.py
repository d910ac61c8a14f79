"""Who must wait: users whose identity has just changed, or who are new to Braze.

Braze asks for five minutes between dependent calls on different endpoints (braze-api
sheet 1.7, 3): a profile that is not visible yet would be created anew, or ignored
without a word. Rows that wait stay pending; the next push looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from .columns import WAITS
from .errors import BrokenSync, ConfigError
from .ledger import Ledger, utcnow
from .manifest import Relation, Sync
from .movable_ink.visitors import visitors_of
from .settings import Limits
from .warehouse.session import bound

_IS_EXTERNAL_ID = """left(payload, 15) = '{"external_id":'"""


def user_of_attributes(ledger: Ledger) -> str:
    """The user key of a row of attributes, told by the identifier in front."""
    member = ledger.connection.member
    return f"""
    case
        when {_IS_EXTERNAL_ID} then 'external_id:' || row_key
        when left(payload, 12) = '{{"braze_id":' then 'braze_id:' || row_key
        when left(payload, 9) = '{{"email":' then 'email:' || lower(row_key)
        when left(payload, 9) = '{{"phone":' then 'phone:' || row_key
        else
            'user_alias:' || {member("payload", "user_alias", "alias_label")}
            || ':' || {member("payload", "user_alias", "alias_name")}
    end
    """


def begin(ledger: Ledger, syncs: Iterable[Sync], limits: Limits) -> None:
    """Note who was touched within the time that Braze asks for; once for each plan."""
    since = utcnow() - timedelta(seconds=limits.dependent_seconds)
    every = list(syncs)
    identity = [sync.name for sync in every if sync.kind.is_identity]
    attributes = [sync.name for sync in every if sync.object == "attributes"]
    connection = ledger.connection
    told = f"""(
        select row_json from {ledger.sent}
        where {connection.among("sync")} and sent_at > ?
    ) as told"""
    users = connection.array_member("row_json", "user_keys")
    touched = connection.unnested(told, users, "user_key")
    connection.fill(
        "touched_users",
        f"select distinct user_key from ({touched}) as touched",
        [identity, since],
    )
    connection.fill(
        "new_users",
        f"""
        select 'external_id:' || row_key as user_key
        from {ledger.sent}
        where {connection.among("sync")} and added_at > ?
        """,
        [attributes, since],
    )
    connection.fill("erased_users", "select user_key from new_users where 1 = 0")


def rows_of_identity(ledger: Ledger, sync: Sync) -> str:
    """The pending rows with whom they touch, and which of them come too early.

    Of all rows that touch a user the first goes: Braze promises no order within a
    request, so a merge into somebody who is merged himself must not travel with that.
    """
    connection = ledger.connection
    touches = connection.unnested("pending", "user_keys", "user_key", "_place")
    return f"""
    with pending as {connection.materialized} (
        select *, row_number() over (order by sort_key, row_key) as _place
        from {sync.pending}
    ),

    touches as ({touches}),

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


def clause(ledger: Ledger, sync: Sync, *, is_ordered: bool) -> str:
    """The `when ... then 'held'` for the rows of a sync that wait, or nothing."""
    kind = sync.kind
    if sync.destination == "movable_ink" and is_ordered:
        whens = [f"when problem is null and {WAITS} is not null"]
        if _is_any(ledger, "erased_users"):
            visitor = ledger.connection.member("row_json", "anonymous_id")
            whens += [
                f"when {user} in (select user_key from erased_users)"
                for user in ("user_key", f"'anonymous_id:' || {visitor}")
            ]
        return " ".join(f"{when} then 'held'" for when in whens)
    if not sync.is_to_braze:
        return ""
    tables = ["touched_users"] + (["new_users"] if kind.needs_users else [])
    tables = [table for table in tables if _is_any(ledger, table)]
    user = "user_key" if is_ordered else user_of_attributes(ledger)
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
        where change = 'added' and {_IS_EXTERNAL_ID}
        """
    )


def note_touched(ledger: Ledger, outbox: Relation | str) -> None:
    """Whom this plan's identity changes touch: every other row of theirs waits."""
    leaving = f"(select user_keys from {outbox} where aside is null) as leaving"
    users = ledger.connection.unnested(leaving, "user_keys", "user_key")
    ledger.connection.execute(
        f"insert into touched_users select distinct user_key from ({users}) as users"
    )


def note_erased(
    ledger: Ledger, sync: Sync, outbox: Relation | str, visits: Collection[Relation]
) -> None:
    """Whom this plan's deletions erase, as themselves and as visitors.

    Nothing of theirs leaves for Movable Ink any more: once the push begins they are
    suppressed, and what is held here is not offered again.
    """
    connection = ledger.connection
    erased = connection.execute(
        f"select user_key from {outbox} where problem is null and aside is null"
    ).fetchall()
    users = [str(user) for (user,) in erased]
    if not users:
        return
    with blaming_visits(sync):
        users += visitors_of(ledger, users, visits)
    connection.execute(
        "insert into erased_users select user_key "
        f"from {connection.rows_of({'user_key': 'varchar'})} as erased",
        [bound([user] for user in users)],
    )


@contextmanager
def blaming_visits(sync: Sync) -> Iterator[None]:
    """Do something about an erased person's visits; the sync at work stays if not."""
    try:
        yield
    except ConfigError as error:
        raise BrokenSync(sync.name, f"{sync.name}: {error}") from None


def hold_touched(ledger: Ledger, outbox: Relation | str) -> None:
    """Set rows aside that were frozen before it was known whom the plan touches."""
    connection = ledger.connection
    users = "(select user_key from touched_users)"
    touched = f"aside is null and {user_of_attributes(ledger)} in {users}"
    found = connection.execute(f"select 1 from {outbox} where {touched} limit 1")
    if found.fetchone() is None:
        return
    connection.execute(f"update {outbox} set aside = 'held' where {touched}")
    connection.rewrite(
        outbox,
        f"""
        select
            *,
            row_number() over (order by aside nulls first, {connection.seq}) as place
        from {outbox}
        """,
    )


def _is_any(ledger: Ledger, table: str) -> bool:
    found = ledger.connection.execute(f"select 1 from {table} limit 1").fetchone()
    return found is not None
