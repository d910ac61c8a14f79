"""Suppresses users before they are deleted, and scrubs the ledger of them afterwards.

A suppressed user is known by a hash alone, so the list may outlive the person's data.
"""

from __future__ import annotations

from collections.abc import Sequence

from .ledger import Ledger, utcnow
from .manifest import Relation

Counts = dict[str, int]


def suppress_planned(ledger: Ledger, run_id: str, outbox: Relation) -> None:
    """Suppress every user that a plan will delete, before the first byte."""
    users = ledger.connection.execute(
        f"select user_key from {outbox} where problem is null and aside is null"
    ).fetchall()
    suppress(ledger, run_id, [user for (user,) in users])


def suppress(ledger: Ledger, run_id: str, users: Sequence[str]) -> None:
    """Never send these users again; who is suppressed already stays as he is."""
    ledger.connection.execute(
        f"""
        insert into {ledger.suppressed} (user_hash, run_id, suppressed_at)
        select distinct sha256(user_key), ?, ?
        from (select unnest(?::varchar[]) as user_key) as users
        where sha256(user_key) not in (select user_hash from {ledger.suppressed})
        """,
        [run_id, utcnow(), list(users)],
    )


def settle_deletions(ledger: Ledger, run_id: str, outbox: Relation) -> Counts:
    """Scrub the users whose deletion Braze has accepted in this run.

    To be called while the outbox and the acknowledgements of the run are still there.
    """
    users = ledger.connection.execute(
        f"""
        select outbox.user_key
        from {outbox} as outbox
        inner join {ledger.acks} as acks
            on outbox.rowid between acks.first_seq and acks.last_seq
        where acks.run_id = ? and acks.outcome = 'accepted' and outbox.problem is null
        """,
        [run_id],
    ).fetchall()
    return settle(ledger, [user for (user,) in users])


def settle(ledger: Ledger, users: Sequence[str]) -> Counts:
    """Note that these users are deleted, and scrub the ledger of them."""
    if not users:
        return {}
    ledger.connection.execute(
        f"""
        update {ledger.suppressed} set deleted_at = ?
        where
            deleted_at is null
            and user_hash in (select sha256(unnest(?::varchar[])))
        """,
        [utcnow(), list(users)],
    )
    return scrub(ledger, users)


def scrub(ledger: Ledger, users: Sequence[str]) -> Counts:
    """Delete every ledger row about these users; return how many by table.

    A row is about a user when its key is the user's id, or when what is kept of it
    names the user. `users` are texts such as 'external_id:c1'.
    """
    kinds = [user.partition(":")[0] for user in users]
    values = [user.partition(":")[2] for user in users]
    ledger.connection.execute(
        """
        create or replace temp table erased_users as
        select unnest(?::varchar[]) as kind, unnest(?::varchar[]) as id
        """,
        [kinds, values],
    )
    counts: Counts = {}
    for table, content in (
        (ledger.sent, "row_json"),
        (ledger.rejected, "payload"),
        (ledger.unknown, "payload"),
    ):
        row = ledger.connection.execute(
            f"""
            delete from {table}
            where
                row_key in (select id from erased_users)
                or json_extract_string({content}, '$.external_id') in (
                    select id from erased_users where kind = 'external_id'
                )
                or json_extract_string({content}, '$.braze_id') in (
                    select id from erased_users where kind = 'braze_id'
                )
                or lower(json_extract_string({content}, '$.email')) in (
                    select id from erased_users where kind = 'email'
                )
                or json_extract_string({content}, '$.phone') in (
                    select id from erased_users where kind = 'phone'
                )
                or list_has_any(
                    cast(json_extract({content}, '$.user_keys') as varchar[]),
                    (select list(kind || ':' || id) from erased_users)
                )
            """
        ).fetchone()
        counts[table.name] = int(row[0]) if row else 0
    ledger.connection.execute("drop table erased_users")
    return counts
