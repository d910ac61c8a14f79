"""Settles what a run that was cut off left behind, before anything new is planned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from . import erasure
from . import lease as leases
from .errors import ConfigError
from .fold import finish_run
from .journal import read_journal, stretches
from .ledger import Ack, Ledger, utcnow

_A_DAY = timedelta(days=1)
"""A plan that is being looked at has outboxes, too, and no lease."""

_CUT_OFF = "the push was cut off while it was sent"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What is needed to settle whatever a crash may have left."""

    journals: Path
    deletions: Collection[str]
    """The syncs of deletions: whom Braze has deleted is scrubbed."""
    collections: Collection[str]
    """The syncs of collections: their next push takes out who was deleted."""
    tell: Callable[[str], None]

    def acquire(self, ledger: Ledger) -> leases.Lease:
        """Take the lease and settle what its last holder left, in a transaction.

        Nobody may write to the ledger before: what is settled later would come back.
        """
        with ledger.transaction():
            lease = leases.acquire(ledger)
            read = recover(
                ledger,
                self.journals,
                self.tell,
                deletions=self.deletions,
                collections=self.collections,
            )
        for journal in read:
            # One that cannot be removed is never read again.
            with suppress(OSError):
                journal.unlink()
        return lease

    @contextmanager
    def exclusive(self, ledger: Ledger) -> Iterator[None]:
        """Hold the lease for one transaction."""
        lease = self.acquire(ledger)
        try:
            with ledger.transaction():
                leases.extend(ledger, lease)
                yield
        finally:
            leases.release(ledger, lease)


def recover(
    ledger: Ledger,
    journals: Path,
    tell: Callable[[str], None],
    *,
    deletions: Collection[str] = (),
    collections: Collection[str] = (),
) -> list[Path]:
    """Fold what every run that was cut off had acknowledged.

    Rows that leave but once and were in flight become unknown; the others are pending
    again. Of the syncs in `deletions`, whoever Braze has deleted is scrubbed. One
    transaction of the caller's; returns the journals of this ledger that are not needed
    once it is committed. Raises ConfigError where it cannot be told what left but once.
    """
    for run_id, sync, outbox in ledger.unfinished_runs():
        if not ledger.has(outbox):
            _refuse_claims(ledger, run_id, sync, outbox)
            ledger.give_up_run(run_id, sync)
            tell(f"{sync}: run {run_id} was cut off and left no outbox.")
            continue
        journal = journals / f"{outbox}.jsonl"
        acks = ledger.acks_of(run_id, sync)
        claims = [ack for ack in acks if ack.verdict == "claimed"]
        if claims:
            rows = ledger.outbox_rows(outbox)
            answered = [ack for ack in acks if ack.verdict != "claimed"]
            settled = _settled(claims, answered, journal, rows)
            ledger.replace_acks(run_id, sync, settled)
        if sync in deletions:
            erasure.settle_deletions(
                ledger, run_id, sync, ledger.outbox(outbox), collections
            )
        counts = finish_run(
            ledger, run_id=run_id, sync=sync, outbox=outbox, outcome="interrupted"
        )
        text = (
            f"{sync}: run {run_id} was cut off; its {counts.accepted:,} accepted "
            "rows are in the ledger now."
        )
        if counts.unknown:
            text += f" {counts.unknown:,} are unknown. To see them: runner unknown"
        tell(text)
    for stray in ledger.stray_outboxes(utcnow() - _A_DAY):
        ledger.connection.drop(stray)
    # Another ledger's may lie beside them, and be in use.
    return [path for path in journals.glob("*.jsonl") if ledger.has_ended(path.stem)]


def _refuse_claims(ledger: Ledger, run_id: str, sync: str, outbox: str) -> None:
    """Rows that leave but once were claimed, and which they are stands there alone.

    Another role's table looks as if it were not there.
    """
    if not any(ack.verdict == "claimed" for ack in ledger.acks_of(run_id, sync)):
        return
    msg = (
        f"{sync}: run {run_id} was cut off, and the rows that it was sending are in "
        f"{ledger.outbox(outbox)}, which is not there or not for this role to see. "
        "Nothing was sent: they might leave twice. Push as the role that began the "
        "run, or grant this one what examples/snowflake/grants.sql grants. Only if the "
        "table is gone, and sending them again is right: delete the rows of this "
        f"run_id from {ledger.acks}."
    )
    raise ConfigError(msg)


def _settled(
    claims: Iterable[Ack], answered: list[Ack], journal: Path, rows: int
) -> list[Ack]:
    """The fate of claimed rows, by the journal where it can be trusted."""
    reading = read_journal(journal, rows)
    if reading is not None:
        return reading.acks + [
            Ack(first, last, "unknown", _CUT_OFF) for first, last in reading.in_flight
        ]
    open_rows = bytearray(rows)
    for claim in claims:
        _mark(open_rows, claim, 1)
    for ack in answered:
        _mark(open_rows, ack, 0)
    return answered + [
        Ack(first, last, "unknown", _CUT_OFF) for first, last in stretches(open_rows)
    ]


def _mark(rows: bytearray, ack: Ack, value: int) -> None:
    length = ack.last_seq + 1 - ack.first_seq
    rows[ack.first_seq : ack.last_seq + 1] = bytes([value]) * length
