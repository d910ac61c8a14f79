"""Settles rows whose fate was not known, by what somebody has found out since."""

from __future__ import annotations

from collections.abc import Sequence

from .ledger import Ledger, utcnow

_CHOSEN = """
    list_contains(?, sync)
    and (len(?::varchar[]) = 0 or list_contains(?, row_key))
    and (?::varchar is null or run_id = ?)
"""


def mark_sent(
    ledger: Ledger, syncs: Sequence[str], keys: Sequence[str], run_id: str | None
) -> int:
    """They arrived: the ledger takes them as sent. Returns how many rows."""
    chosen = [list(syncs), list(keys), list(keys), run_id, run_id]
    ledger.connection.execute(
        f"""
        insert into {ledger.sent} (sync, row_key, row_hash, row_json, run_id, sent_at)
        select sync, row_key, row_hash, row_json, run_id, ?
        from {ledger.unknown}
        where {_CHOSEN}
        """,
        [utcnow(), *chosen],
    )
    return resend(ledger, syncs, keys, run_id)


def resend(
    ledger: Ledger, syncs: Sequence[str], keys: Sequence[str], run_id: str | None
) -> int:
    """They did not arrive: nothing is known of them, so they are pending again."""
    row = ledger.connection.execute(
        f"delete from {ledger.unknown} where {_CHOSEN}",
        [list(syncs), list(keys), list(keys), run_id, run_id],
    ).fetchone()
    return int(row[0]) if row else 0
