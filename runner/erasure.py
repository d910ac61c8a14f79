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

    A row is about a user when its key is the user's id, or when its key or what is
    kept of it names the user. `users` are texts such as 'external_id:c1'.
    """
    ledger.connection.execute(
        """
        create or replace temp table erased_users as
        select distinct unnest(?::varchar[]) as user_key
        """,
        [list(users)],
    )
    counts: Counts = {}
    for table, content in (
        (ledger.sent, "row_json"),
        (ledger.rejected, "payload"),
        (ledger.unknown, "payload"),
    ):
        # That somebody was deleted is kept of the deletion itself: a hash.
        hashed = "null" if table == ledger.sent else "row_key"
        row = ledger.connection.execute(
            f"""
            delete from {table}
            where
                row_key in (
                    select substr(user_key, position(':' in user_key) + 1)
                    from erased_users
                )
                or {hashed} in (select sha256(user_key) from erased_users)
                or rowid in (
                    select named.row_id
                    from (
                        select rowid as row_id, unnest(
                            {_users_in(content)} || {_users_in("row_key")}
                        ) as user_key
                        from {table}
                    ) as named
                    inner join erased_users on named.user_key = erased_users.user_key
                )
            """
        ).fetchone()
        counts[table.name] = int(row[0]) if row else 0
    ledger.connection.execute("drop table erased_users")
    return counts


_SIDES = ("", "identifier_to_merge.", "identifier_to_keep.", "merge.", "keep.")
"""Where the identifiers of a merge stand, in its payload and in its key."""

_MEMBERS = {
    "external_id": (
        *(f"{side}external_id" for side in _SIDES),
        *("current_external_id", "new_external_id", "removed_external_id"),
        *("external_ids[0]", "user_ids[0]"),
    ),
    "braze_id": ("braze_id",),
    "email": (*(f"{side}email" for side in _SIDES), "emails[0]"),
    "phone": (*(f"{side}phone" for side in _SIDES), "phones[0]"),
}
"""The members of our payloads, keys and row_json that name a user of each kind."""

_ALIASES = (
    *("$", "$.aliases[0]"),
    *(f"$.{side}user_alias" for side in _SIDES),
)


def _users_in(text: str) -> str:
    """The users whom a JSON text names, as a list of user keys; SQL."""
    json = f"case when json_valid({text}) then {text} else '{{}}' end"
    found = [f"coalesce(cast(json_extract({json}, '$.user_keys') as varchar[]), [])"]
    for kind, members in _MEMBERS.items():
        # A key of two parts begins with the user's id or address: consent.
        paths = [*(f"$.{member}" for member in members), "$[0]"]
        value = "lower(named)" if kind == "email" else "named"
        found.append(
            f"list_transform(json_extract_string({json}, {paths}), "
            f"lambda named: '{kind}:' || {value})"
        )
    found += [
        f"['user_alias:' || json_extract_string({json}, '{path}.alias_label') "
        f"|| ':' || json_extract_string({json}, '{path}.alias_name')]"
        for path in _ALIASES
    ]
    return f"list_filter({' || '.join(found)}, lambda user: user is not null)"
