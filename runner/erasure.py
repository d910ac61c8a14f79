"""Suppresses users before they are deleted, and scrubs the ledger of them afterwards.

A suppressed user is known by a hash alone, so the list may outlive the person's data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

from .ledger import Ledger, utcnow
from .manifest import Relation
from .movable_ink.visitors import visitors_of
from .named import user_hash, users_in
from .warehouse.session import Row, portions

Counts = dict[str, int]


def suppress_planned(ledger: Ledger, run_id: str, outbox: Relation) -> None:
    """Suppress every user that a plan will delete, before the first byte."""
    users = ledger.connection.execute(
        f"select user_key from {outbox} where problem is null and aside is null"
    ).fetchall()
    suppress(ledger, run_id, [user for (user,) in users])


def suppress(ledger: Ledger, run_id: str, users: Sequence[str]) -> None:
    """Never send these users again; who is suppressed already stays as he is.

    What a build suppressed as Currents told, a build may lift: that is not enough here.
    """
    for some in portions([user_hash(user)] for user in users):
        ledger.connection.execute(
            f"""
            insert into {ledger.suppressed} (user_hash, run_id, suppressed_at)
            select distinct user_hash, ?, ?
            from {ledger.connection.rows_of(_HASHES)} as users
            where user_hash not in (
                select user_hash from {ledger.suppressed}
                where run_id is distinct from 'currents'
            )
            """,
            [run_id, utcnow(), some],
        )


def suppress_visitors(
    ledger: Ledger, run_id: str, told_by: Collection[Relation]
) -> None:
    """Never send what a suppressed user did as a visitor either.

    To be called before anything forgets who the visitor was: see visitors_of().
    """
    found = ledger.connection.execute(
        f"select 1 from {ledger.suppressed} limit 1"
    ).fetchone()
    if found:
        suppress(ledger, run_id, visitors_of(ledger, told_by=told_by))


def settle_deletions(
    ledger: Ledger,
    run_id: str,
    sync: str,
    outbox: Relation,
    collections: Collection[str] = (),
) -> Counts:
    """Scrub the users whose deletion Braze has accepted in this run.

    To be called while the outbox and the acknowledgements of the run are still there.
    What the ledger has of `collections` (syncs) stays: their next push must know what
    to take out of the store.
    """
    users = ledger.connection.execute(
        f"""
        select outbox.user_key
        from {outbox} as outbox
        inner join {ledger.acks} as acks
            on outbox.{ledger.connection.seq} between acks.first_seq and acks.last_seq
        where
            acks.run_id = ? and acks.sync = ? and acks.outcome = 'accepted'
            and outbox.problem is null
        """,
        [run_id, sync],
    ).fetchall()
    return settle(ledger, [user for (user,) in users], collections)


def settle(
    ledger: Ledger, users: Sequence[str], spared: Collection[str] = ()
) -> Counts:
    """Note that these users are deleted, and scrub the ledger of them.

    What they did as visitors was theirs, too.
    """
    if not users:
        return {}
    users = [*users, *visitors_of(ledger, users)]
    for some in portions([user_hash(user)] for user in users):
        ledger.connection.execute(
            f"""
            update {ledger.suppressed} set deleted_at = ?
            where
                deleted_at is null
                and user_hash in (
                    select user_hash from {ledger.connection.rows_of(_HASHES)} as users
                )
            """,
            [utcnow(), some],
        )
    return scrub(ledger, users, spared)


_SPECIAL = re.compile(r"[\\.^$*+?()\[\]{}|]")
_HASHES = {"user_hash": "varchar"}
_ABOUT = dict.fromkeys(("sync", "row_key", "content"), "varchar")


_IN_A_PATTERN = 500
"""Users that one pattern looks for."""


def scrub(ledger: Ledger, users: Sequence[str], spared: Collection[str] = ()) -> Counts:
    """Delete every ledger row about these users; return how many by table.

    What was sent by the syncs in `spared` stays.

    `users` are texts such as 'external_id:c1'. A row is about a user when its key or
    what is kept of it names the user; that some other row has the same key, an order
    with the number of a customer, means nothing.
    """
    wanted = set(users)
    hashes = {user_hash(user) for user in users}
    counts: Counts = {}
    for table, content in (
        (ledger.sent, "row_json"),
        (ledger.rejected, "payload"),
        (ledger.unknown, "payload"),
    ):
        # That somebody was deleted is kept of the deletion itself: a hash.
        keys = [] if table == ledger.sent else list(hashes)
        kept = list(spared) if table == ledger.sent else []
        about = {
            (sync, row_key, text)
            for sync, row_key, text in _candidates(
                ledger, table, content, keys=keys, users=users, kept=kept
            )
            if row_key in keys or wanted & (users_in(row_key) | users_in(text))
        }
        counts[table.name] = sum(
            ledger.connection.change(
                f"""
                delete from {table} where (sync, row_key, coalesce({content}, '')) in (
                    select sync, row_key, content
                    from {ledger.connection.rows_of(_ABOUT)} as about
                )
                """,
                [some],
            )
            for some in portions(about)
        )
    return counts


def records_of(ledger: Ledger, user: str, sync: str, prefix: str) -> list[str]:
    """The keys, without `prefix`, of the records that a collection has about a user.

    A tombstone says no more than its key, which may be the user's own.
    """
    rows = ledger.connection.execute(
        f"""
        select substr(row_key, ?) from {ledger.sent}
        where
            sync = ? and left(row_key, {len(prefix)}) = ?
            and (
                {ledger.connection.member("row_json", "user_key")} = ?
                or (row_json = '{{"tombstone":true}}' and substr(row_key, ?) = ?)
            )
        """,
        [
            *(len(prefix) + 1, sync, prefix, user),
            *(len(prefix) + 1, user.partition(":")[2]),
        ],
    ).fetchall()
    return [str(key) for (key,) in rows]


def _candidates(
    ledger: Ledger,
    table: Relation,
    content: str,
    *,
    keys: Sequence[str],
    users: Sequence[str],
    kept: Sequence[str],
) -> list[Row]:
    """(sync, key, content) of the rows that a quick look cannot rule out."""
    connection = ledger.connection
    text = f"row_key || ' ' || coalesce({content}, '')"
    rows = f"""
        select sync, row_key, coalesce({content}, '') as content from {table}
        where not {connection.among("sync")} and"""
    found = connection.execute(
        f"{rows} {connection.among('row_key')}", [list(kept), list(keys)]
    ).fetchall()
    for at in range(0, len(users), _IN_A_PATTERN):
        found += connection.execute(
            f"{rows} {connection.matches(text)}",
            [list(kept), _any_of(users[at : at + _IN_A_PATTERN])],
        ).fetchall()
    return found


def _any_of(users: Sequence[str]) -> str:
    """A pattern that every row about one of the users matches: a first, quick look."""
    texts = {user.rpartition(":")[2] for user in users}
    # In JSON a text may be written with escapes.
    spelt = {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts} | texts
    # No more is escaped than both engines' patterns know: not a hyphen or a space.
    return "|".join(sorted(_SPECIAL.sub(r"\\\g<0>", text) for text in spelt))


def others_with(ledger: Ledger, by: str, value: str) -> list[str]:
    """Who else has this address: rows of another identifier that hold it."""
    rows = ledger.connection.execute(
        f"""
        select distinct row_json from {ledger.sent}
        where
            lower({ledger.connection.member("row_json", by)}) = lower(?)
            -- A record may be found by the address, or hold it anywhere.
            or (left(row_json, 13) = '{{"user_key":"' and contains(row_json, ?))
        """,
        [value, json.dumps(value, ensure_ascii=False)],
    ).fetchall()
    named = {user for (text,) in rows for user in users_in(text)}
    return sorted(user for user in named if not user.startswith(f"{by}:"))
