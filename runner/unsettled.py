"""Settles rows whose fate was not known, by what somebody has found out since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import GuardError
from .ledger import Ledger, utcnow
from .manifest import Sync


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which unknown rows are meant; no keys means every key."""

    syncs: Sequence[Sync]
    keys: Sequence[str]
    run_id: str | None

    def clause(self, ledger: Ledger) -> str:
        """What chooses them, with `parameters`."""
        among = ledger.connection.among
        tests = [among("sync")]
        tests += [among("row_key")] if self.keys else []
        tests += ["run_id = ?"] if self.run_id else []
        return " and ".join(tests)

    @property
    def parameters(self) -> list[object]:
        """For the clause that chooses them."""
        found: list[object] = [[sync.name for sync in self.syncs]]
        found += [list(self.keys)] if self.keys else []
        return found + ([self.run_id] if self.run_id else [])


def mark_sent(ledger: Ledger, chosen: Chosen) -> int:
    """They arrived: the ledger takes them as sent. Returns how many rows."""
    ledger.connection.execute(
        f"""
        insert into {ledger.sent} (sync, row_key, row_hash, row_json, run_id, sent_at)
        select sync, row_key, row_hash, row_json, run_id, ?
        from {ledger.unknown}
        where {chosen.clause(ledger)}
        """,
        [utcnow(), *chosen.parameters],
    )
    return len(_forgotten(ledger, chosen))


def resend(ledger: Ledger, chosen: Chosen) -> int:
    """They did not arrive: nothing is known of them, so they are pending again.

    Raises GuardError, and the caller's transaction undoes it, where a row has left the
    mart meanwhile: it would be pending nowhere, and lost without a word.
    """
    rows = _forgotten(ledger, chosen)
    for sync in chosen.syncs:
        keys = [key for of, key in rows if of == sync.name]
        found = ledger.connection.execute(
            f"select row_key from {sync.pending} "
            f"where {ledger.connection.among('row_key')}",
            [keys],
        ).fetchall()
        lost = len(keys) - len({key for (key,) in found})
        if lost:
            msg = (
                f"{sync.name}: {lost:,} of {len(keys):,} rows are not in the mart any "
                "more, so no push could send them. Nothing was done. Choose others by "
                "--key, bring them back into the mart, or say --mark-sent."
            )
            raise GuardError(msg)
    return len(rows)


def _forgotten(ledger: Ledger, chosen: Chosen) -> list[tuple[str, str]]:
    """Take the rows out of the unknown; return (sync, row key) of each."""
    rows = ledger.connection.execute(
        f"select sync, row_key from {ledger.unknown} where {chosen.clause(ledger)}",
        chosen.parameters,
    ).fetchall()
    ledger.connection.execute(
        f"delete from {ledger.unknown} where {chosen.clause(ledger)}", chosen.parameters
    )
    return rows
