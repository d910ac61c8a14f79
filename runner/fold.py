"""Folds what a run had acknowledged into the ledger, at its end or after a crash.

The outbox says what was planned, the acks what became of it; afterwards both are gone
and the ledger says the same in rows. One transaction of the caller's.
"""

from __future__ import annotations

from datetime import timedelta

from .ledger import NOT_SENT, SENT_AGAIN, Counts, Ledger, utcnow
from .manifest import Relation

YOUTH = timedelta(hours=1)
"""How long it is worth knowing that a row was added; the wait for it is minutes."""


def finish_run(
    ledger: Ledger,
    *,
    run_id: str,
    sync: str,
    outbox: str,
    outcome: str,
    message: str = "",
) -> Counts:
    """Fold the run's acknowledgements into the ledger and drop its outbox."""
    table = ledger.outbox(outbox)
    counts, data_points = _fold(ledger, run_id, sync, table)
    ledger.connection.execute(
        f"""
        update {ledger.runs}
        set
            finished_at = ?, accepted = ?, rejected = ?, unknown = ?,
            data_points = ?, outcome = ?, message = ?
        where run_id = ? and sync = ?
        """,
        [
            utcnow(),
            counts.accepted,
            counts.rejected,
            counts.unknown,
            data_points,
            outcome,
            message,
            run_id,
            sync,
        ],
    )
    ledger.connection.execute(
        f"delete from {ledger.acks} where run_id = ? and sync = ?", [run_id, sync]
    )
    ledger.connection.drop(table)
    return counts


def _fold(
    ledger: Ledger, run_id: str, sync: str, outbox: Relation
) -> tuple[Counts, int]:
    """The outbox knows what was planned; the acks say what became of it."""
    connection = ledger.connection
    _fill_stretches(ledger, run_id, sync)
    settled = _settled(ledger, outbox)
    row = connection.execute(
        f"""
        select
            count(case when outcome = 'accepted' then 1 end),
            count(case when outcome = 'rejected' then 1 end),
            count(case when outcome = 'unknown' then 1 end),
            coalesce(sum(case when outcome = 'accepted' then data_points end), 0)
        from {settled}
        """
    ).fetchone()
    accepted, rejected, unknown, data_points = map(int, row or (0, 0, 0, 0))
    has_times = "sent_times" in connection.columns_of(outbox)
    _keep_sent(ledger, run_id, sync, settled, has_times)
    _distrust_partial_writes(ledger, sync, outbox, settled)
    if rejected or _has(ledger, ledger.rejected, sync):
        _keep_rejected(ledger, run_id, sync, settled)
    if unknown:
        _keep_unknown(ledger, run_id, sync, settled)
    return Counts(accepted, rejected, unknown), data_points


def _fill_stretches(ledger: Ledger, run_id: str, sync: str) -> None:
    """Neighbours that say the same become one: a push records a few every two seconds.

    What is joined by a range is joined row by row where an engine has nothing better.
    """
    words = ("outcome", "reason", "status")
    same = " and ".join(
        f"{word} is not distinct from lag({word}) over (order by first_seq)"
        for word in words
    )
    ledger.connection.fill(
        "runner_stretches",
        f"""
        select
            min(numbered.first_seq) as first_seq, max(numbered.last_seq) as last_seq,
            {", ".join(words)}
        from (
            select *, sum(is_first) over (order by first_seq) as stretch
            from (
                select
                    first_seq, last_seq, {", ".join(words)},
                    case
                        when
                            first_seq = lag(last_seq) over (order by first_seq) + 1
                            and {same}
                            then 0
                        else 1
                    end as is_first
                from {ledger.acks}
                where run_id = ? and sync = ? and outcome <> 'claimed'
            ) as acks
        ) as numbered
        group by stretch, {", ".join(words)}
        """,
        [run_id, sync],
    )


def _settled(ledger: Ledger, outbox: Relation) -> str:
    """The rows of the outbox whose fate is known, as a table `settled`.

    Not copied: most runs are one stretch, and copying their rows would cost a pass.
    """
    return f"""
    (
        select outbox.*, stretches.outcome, stretches.reason, stretches.status
        from {outbox} as outbox
        inner join runner_stretches as stretches
            on outbox.{ledger.connection.seq}
            between stretches.first_seq and stretches.last_seq
        -- A stretch may span rows that were held meanwhile.
        where outbox.problem is null and outbox.aside is null
        union all
        select outbox.*, 'rejected', outbox.problem, '{NOT_SENT}'
        from {outbox} as outbox
        where outbox.problem is not null and outbox.aside is null
    ) as settled
    """


def _has(ledger: Ledger, table: Relation, sync: str) -> bool:
    found = ledger.connection.execute(
        f"select 1 from {table} where sync = ? limit 1", [sync]
    ).fetchone()
    return found is not None


def _keep_sent(
    ledger: Ledger,
    run_id: str,
    sync: str,
    settled: str,
    has_times: bool,  # noqa: FBT001
) -> None:
    now = utcnow()
    # Who is new to Braze stays so for a while, whatever is sent of them meanwhile.
    ledger.connection.fill(
        "runner_young_rows",
        f"""
        select row_key, added_at from {ledger.sent} where sync = ? and added_at > ?
        """,
        [sync, now - YOUTH],
    )
    if _has(ledger, ledger.sent, sync):
        ledger.connection.execute(
            f"""
            delete from {ledger.sent}
            where sync = ? and row_key in (
                select row_key from {settled} where outcome = 'accepted'
            )
            """,
            [sync],
        )
    ledger.connection.execute(
        f"""
        insert into {ledger.sent}
            (sync, row_key, row_hash, row_json, run_id, sent_at, sent_times, added_at)
        select
            ?, settled.row_key, settled.row_hash, settled.row_json, ?, ?,
            {"settled.sent_times" if has_times else "null"},
            case when settled.change = 'added' then ? else young_rows.added_at end
        from {settled}
        left join runner_young_rows as young_rows
            on settled.row_key = young_rows.row_key
        where settled.outcome = 'accepted' and settled.row_json is not null
        """,
        [sync, run_id, now, now],
    )


def _distrust_partial_writes(
    ledger: Ledger, sync: str, outbox: Relation, settled: str
) -> None:
    """Send whole, next time, what a repeated `$add` may have put into Braze twice.

    Adding elements to an array of objects is no write that may be repeated; when a row
    was sent more than once, or may have been sent, its hash is emptied as for a resync.
    """
    partial = (
        "outbox.change = 'changed' and outbox.aside is null "
        "and contains(outbox.payload, '\"$add\"')"
    )
    found = ledger.connection.execute(
        f"select 1 from {outbox} as outbox where {partial} limit 1"
    )
    if found.fetchone() is None:
        return
    ledger.connection.execute(
        f"""
        update {ledger.sent} set row_hash = ''
        where sync = ? and row_key in (
            select outbox.row_key
            from {outbox} as outbox
            left join {settled} on outbox.row_key = settled.row_key
            where
                {partial}
                and (settled.row_key is null or settled.reason = '{SENT_AGAIN}')
        )
        """,
        [sync],
    )


def _keep_rejected(ledger: Ledger, run_id: str, sync: str, settled: str) -> None:
    """The newest word counts: accepted clears a row, rejected again adds up."""
    ledger.connection.fill(
        "runner_attempts",
        f"""
        select row_key, row_hash, max(attempts) as attempts
        from {ledger.rejected}
        where sync = ?
        group by row_key, row_hash
        """,
        [sync],
    )
    ledger.connection.execute(
        f"""
        delete from {ledger.rejected}
        where sync = ? and row_key in (
            select row_key from {settled} where outcome in ('accepted', 'rejected')
        )
        """,
        [sync],
    )
    ledger.connection.execute(
        f"""
        insert into {ledger.rejected} (
            sync, row_key, row_hash, change, payload, reason, status,
            run_id, attempts, rejected_at
        )
        select
            ?, settled.row_key, settled.row_hash, settled.change, settled.payload,
            settled.reason, settled.status, ?, coalesce(attempts.attempts, 0) + 1, ?
        from {settled}
        left join runner_attempts as attempts
            on settled.row_key = attempts.row_key
            and settled.row_hash = attempts.row_hash
        where settled.outcome = 'rejected'
        """,
        [sync, run_id, utcnow()],
    )


def _keep_unknown(ledger: Ledger, run_id: str, sync: str, settled: str) -> None:
    ledger.connection.execute(
        f"""
        insert into {ledger.unknown} (
            sync, row_key, row_hash, change, payload, reason, status,
            run_id, unknown_at, row_json, data_points
        )
        select
            ?, row_key, row_hash, change, payload, reason, status, ?, ?,
            row_json, data_points
        from {settled}
        where outcome = 'unknown'
        """,
        [sync, run_id, utcnow()],
    )
