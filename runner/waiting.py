"""Who must wait: users whose identity has just changed, or who are new to Braze.

Braze asks for five minutes between dependent calls on different endpoints (braze-api
sheet 1.7, 3): a profile that is not visible yet would be created anew, or ignored
without a word. Rows that wait stay pending; the next push looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from .columns import WAITS
from .errors import BrokenSync, ConfigError
from .ledger import Ledger, utcnow
from .manifest import Relation, Sync
from .movable_ink.visitors import visitors_of
from .settings import Limits
from .warehouse.session import portions

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
        "runner_touched_users",
        f"select distinct user_key from ({touched}) as touched",
        [identity, since],
    )
    connection.fill(
        "runner_new_users",
        f"""
        select 'external_id:' || row_key as user_key
        from {ledger.sent}
        where {connection.among("sync")} and added_at > ?
        """,
        [attributes, since],
    )
    connection.fill(
        "runner_erased_users", "select user_key from runner_new_users where 1 = 0"
    )


def rows_of_identity(ledger: Ledger, sync: Sync) -> str:
    """The pending rows with whom they touch, and which of them come too early.

    Of all rows that touch a user the first goes: Braze promises no order within a
    request, so a merge into somebody who is merged himself must not travel with that.
    """
    connection = ledger.connection
    touches = connection.unnested("pending", "user_keys", "user_key", "_place")
    waits_for = "".join(
        f"""
        union
        select touches._place
        from touches
        inner join {table} on touches.user_key = {table}.user_key
        """
        for table in _waited_for(ledger, sync)
    )
    return f"""
    with pending as {connection.materialized} (
        select *, row_number() over (order by sort_key, row_key) as _place
        from {sync.pending}
    ),

    touches as ({touches}),

    first_touches as (
        select user_key, min(_place) as _place from touches group by user_key
    ),

    early_rows as (
        select touches._place
        from touches
        inner join first_touches on touches.user_key = first_touches.user_key
        where touches._place > first_touches._place
        {waits_for}
    )
    """


@dataclass(frozen=True, slots=True)
class Waits:
    """Which pending rows wait, as parts of the statement that reads them.

    By joins: Snowflake has `in (select ...)` in a WHERE alone.
    """

    joins: str = ""
    whens: str = ""
    """The `when ... then 'held'`, or nothing."""


def waits(ledger: Ledger, sync: Sync, *, is_ordered: bool) -> Waits:
    """Which rows of a sync wait for what was touched, is new, or is erased."""
    if sync.destination == "movable_ink" and is_ordered:
        table = "runner_erased_users"
        erased = [table] if _is_any(ledger, table) else []
        visitor = ledger.connection.member("row_json", "anonymous_id")
        users = ("user_key", f"'anonymous_id:' || {visitor}")
        theirs = _joined([(user, table) for table in erased for user in users])
        own = f"when problem is null and {WAITS} is not null then 'held'"
        return Waits(theirs.joins, f"{own} {theirs.whens}")
    if not sync.is_to_braze:
        return Waits()
    if sync.kind.is_identity:
        return Waits(
            "left join (select distinct _place as early from early_rows) as early_rows "
            "on _place = early_rows.early",
            "when early_rows.early is not null then 'held'",
        )
    user = "user_key" if is_ordered else user_of_attributes(ledger)
    return _joined([(user, table) for table in _waited_for(ledger, sync)])


def _joined(found: Sequence[tuple[str, str]]) -> Waits:
    """Rows wait whose user, an expression, is in one of the tables."""
    users = [
        (user, f"(select distinct user_key as held_key from {table})")
        for user, table in found
    ]
    joins = [
        f"left join {keys} as held_{at} on {user} = held_{at}.held_key"
        for at, (user, keys) in enumerate(users)
    ]
    whens = [
        f"when held_{at}.held_key is not null then 'held'" for at, _ in enumerate(users)
    ]
    return Waits("\n".join(joins), " ".join(whens))


def _waited_for(ledger: Ledger, sync: Sync) -> list[str]:
    """The tables of users that rows of a sync wait for, of those with any."""
    tables = ["runner_touched_users"]
    tables += ["runner_new_users"] if sync.kind.needs_users else []
    return [table for table in tables if _is_any(ledger, table)]


def note_new(ledger: Ledger, outbox: Relation | str) -> None:
    """Who is new to Braze by this plan's attributes: who needs them there must wait."""
    ledger.connection.execute(
        f"""
        insert into runner_new_users
        select 'external_id:' || row_key from {outbox}
        where change = 'added' and {_IS_EXTERNAL_ID}
        """
    )


def note_touched(ledger: Ledger, outbox: Relation | str) -> None:
    """Whom this plan's identity changes touch: every other row of theirs waits."""
    leaving = f"(select user_keys from {outbox} where aside is null) as leaving"
    users = ledger.connection.unnested(leaving, "user_keys", "user_key")
    ledger.connection.execute(
        "insert into runner_touched_users "
        f"select distinct user_key from ({users}) as users"
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
    for some in portions([user] for user in users):
        connection.execute(
            "insert into runner_erased_users select user_key "
            f"from {connection.rows_of({'user_key': 'varchar'})} as erased",
            [some],
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
    users = "(select user_key from runner_touched_users)"
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
