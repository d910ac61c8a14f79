"""Sends one operation's batches through lanes until the fate of each row is clear.

Knows outcomes and retries, but neither the warehouse nor the ledger: acknowledgements
are handed out for the caller to record.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from .batches import Batch, Chain
from .braze import Answer
from .errors import DeliveryError, RunnerError
from .gate import Gate
from .journal import Journal
from .ledger import SENT_AGAIN, Ack
from .operations import Call, Operation
from .outcome import Kind, Outcome, classify
from .refusals import Sent
from .retries import Tally, backoff, stopping_error, too_long, unavailable
from .settings import Limits
from .waits import pause_before_limit

_MOST_WAITS = 100
"""429s in a row for one batch, after which its rows are left pending."""

_REJECTED_SHARE = 0.1
"""More than one row in ten refused is a fault of the set-up, not of the rows."""


class Sender(Protocol):
    """One connection, used by one thread."""

    def send(self, method: str, path: str, body: bytes) -> Answer:
        """Send one request and return its answer."""

    def close(self) -> None:
        """Close the connection."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the lanes of a delivery do: which operation, by which calls, how often."""

    operation: Operation
    call: Callable[[str], Call]
    """The call for a scope."""
    journal: Journal | None = None
    """With one, a row is sent at most once."""


class Delivery:
    """The lanes of one operation. `offer` chains, `take` acks, then `close`."""

    def __init__(
        self,
        new_lane: Callable[[], Sender],
        work: Work,
        gate: Gate,
        limits: Limits,
        *,
        lanes: int,
    ) -> None:
        self._work = work
        self._receiver = work.operation.receiver
        self._gate = gate
        self._limits = limits
        self._queue: queue.SimpleQueue[Chain | None] = queue.SimpleQueue()
        # A signal's handler calls `stop` in the thread that may be within `take`.
        self._lock = threading.RLock()
        self._acks: list[Ack] = []
        self._busy: set[Batch] = set()
        self._open_chains = 0
        self._stop = threading.Event()
        self._new_lane = new_lane
        self.tally = Tally()
        self.failure: RunnerError | None = None
        self._threads: list[threading.Thread] = []
        self._threads += [
            threading.Thread(target=self._run_lane, daemon=True, name=f"lane-{number}")
            for number in range(lanes)
        ]
        for thread in self._threads:
            thread.start()

    def offer(self, chain: Chain) -> None:
        """Hand a chain to the next free lane."""
        with self._lock:
            self._open_chains += 1
        self._queue.put(chain)

    def waiting(self) -> int:
        """Chains that no lane has taken yet."""
        return self._queue.qsize()

    def idle(self) -> bool:
        """Whether every chain that was offered has come to its end."""
        return self._open_chains == 0

    def take(self) -> list[Ack]:
        """Return the acknowledgements since the last call."""
        with self._lock:
            acks, self._acks = self._acks, []
        return acks

    def end(self) -> list[Ack]:
        """Return the last acknowledgements.

        Of rows that leave once, what a lane still has on the wire is unknown, and so is
        what it had there when it broke.
        """
        reason = "the push ended while it was sent"
        with self._lock:
            busy, self._busy = self._busy, set()
            return self.take() + [
                Ack(one.seqs[0], one.seqs[-1], "unknown", reason) for one in busy
            ]

    def close(self) -> None:
        """No chain will follow: each lane ends when the queue is empty."""
        for _ in self._threads:
            self._queue.put(None)

    def stop(self, failure: RunnerError | None = None) -> None:
        """Begin no further request; what is in flight still counts."""
        with self._lock:
            self.failure = self.failure or failure
        self._stop.set()
        for _ in self._threads:
            self._queue.put(None)

    @property
    def stopped(self) -> bool:
        """Whether no further request will begin."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for news: a lane that ends, or simply for so long."""
        for thread in self._threads:
            if thread.is_alive():
                thread.join(seconds)
                return

    def finished(self) -> bool:
        """Whether every lane has ended."""
        return not any(thread.is_alive() for thread in self._threads)

    def join(self, seconds: float) -> None:
        """Wait until every lane has ended, or for so long."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run_lane(self) -> None:
        lane = self._new_lane()
        try:
            while not self._stop.is_set():
                chain = self._queue.get()
                if chain is None:
                    return
                self._go_through(lane, chain)
                with self._lock:
                    self._open_chains -= 1
        except Exception as error:  # noqa: BLE001 - a lane must not die in silence
            self.stop(
                DeliveryError(f"A lane failed unexpectedly: {type(error).__name__}.")
            )
        finally:
            lane.close()

    def _go_through(self, lane: Sender, chain: Chain) -> None:
        """Settle a chain; what comes after rows that stay pending stays so, too."""
        if chain.follows and self.failure:
            return
        for batch in chain.batches:
            if not self._settle(lane, batch):
                return

    def _settle(self, lane: Sender, batch: Batch) -> bool:
        """Bring a batch to its end, in parts while a row in it spoils the rest.

        False when rows of it stay pending.
        """
        parts = [batch]
        doubted = False
        while parts:
            part = parts.pop()
            outcome = self._send(lane, part)
            if outcome is None:
                return False
            if outcome.kind is Kind.ACCEPTED:
                self._accept(part, outcome, SENT_AGAIN if doubted else outcome.reason)
            elif outcome.kind is Kind.UNKNOWN:
                self._park(part, outcome)
            elif outcome.kind is Kind.AGAIN:
                good = [at for at in range(len(part.seqs)) if at not in outcome.refused]
                self._refuse(part, outcome)
                parts += [part.part(good)] if good else []
            elif len(part.seqs) > 1:
                doubted = doubted or outcome.is_applied is None
                parts += reversed(part.halves())
            else:
                status, _, words = outcome.reason.partition(": ")
                refused = {0: words or outcome.reason}
                self._refuse(part, Outcome(Kind.AGAIN, refused=refused, status=status))
        return True

    def _send(self, lane: Sender, batch: Batch) -> Outcome | None:
        """Send until the answer is final; None leaves the rows pending."""
        call = self._work.call(batch.scope)
        body = call.body(batch.payloads)
        attempt = waits = 0
        reason = ""
        while attempt < self._limits.attempts:
            if not self._gate.enter(self._stop):
                return None
            try:
                outcome = self._ask(lane, call, body, batch)
            finally:
                self._gate.leave()
            reason = outcome.reason
            if outcome.kind is Kind.ACCEPTED and attempt:
                return replace(outcome, reason=SENT_AGAIN)
            if outcome.kind in _FINAL:
                return outcome
            if outcome.kind in _STOPPING:
                self.stop(stopping_error(outcome))
                return None
            if outcome.kind is Kind.WAIT:
                waits += 1
                # "Wait 0" is no word to wait by: many at once would never end.
                self._pause(outcome.wait or backoff(waits))
                attempt = self._limits.attempts if waits > _MOST_WAITS else attempt
                continue
            if outcome.wait:
                self._pause(outcome.wait)
            attempt += 1
            with self._lock:
                may_retry = self.tally.may_retry()
            if not may_retry:
                self.stop(unavailable(reason, self._receiver))
                return None
            if attempt < self._limits.attempts:
                self._stop.wait(backoff(attempt))
        self._left(reason)
        return None

    def _ask(self, lane: Sender, call: Call, body: bytes, batch: Batch) -> Outcome:
        """Send one request; of rows that leave once, the journal hears of it first."""
        journal = self._work.journal
        if journal:
            journal.begin(batch.seqs)
            with self._lock:
                self._busy.add(batch)
        # Whoever takes the lease over reads the journal: look at the lease after it.
        if journal and not self._gate.is_trusted:
            outcome = Outcome(Kind.RETRY, "the lease may be another's")
        else:
            outcome = self._read(lane.send(call.method, call.path, body), batch)
        if journal and outcome.kind not in {Kind.ACCEPTED, Kind.AGAIN, Kind.UNKNOWN}:
            journal.clear(batch.seqs)
            with self._lock:
                self._busy.discard(batch)
        return outcome

    def _pause(self, seconds: float) -> None:
        """Let nothing begin for so long; stop where a push may not wait as long."""
        self._gate.close_for(seconds)
        if self._gate.waited > self._limits.wait_budget:
            self.stop(too_long(self._gate.waited, self._receiver))

    def _read(self, answer: Answer, batch: Batch) -> Outcome:
        once = self._work.journal is not None
        with self._lock:
            self.tally.requests += 1
        if not answer.status:
            kind = Kind.UNKNOWN if once and answer.sent else Kind.RETRY
            return Outcome(kind, answer.failure)
        pause = pause_before_limit(answer.headers, self._gate.in_flight)
        if pause is not None and answer.status != 429:
            self._pause(pause)
        operation = self._work.operation
        sent = Sent(
            batch.payloads,
            array=operation.array,
            naming=operation.naming,
            permission=operation.permission,
            is_partner=operation.is_partner,
            once=once,
        )
        return classify(answer.status, answer.headers, answer.body, sent)

    def _accept(self, batch: Batch, outcome: Outcome, reason: str) -> None:
        acks: list[Ack] = []
        first = 0
        for position in sorted(outcome.refused):
            if position > first:
                acks += _accepted(batch, first, position - 1, reason)
            acks.append(self._refused(batch, position, outcome, reason))
            first = position + 1
        if first < len(batch.seqs):
            acks += _accepted(batch, first, len(batch.seqs) - 1, reason)
        self._keep(batch, acks, accepted=len(batch.seqs) - len(outcome.refused))
        self._check_rejected(next(iter(outcome.refused.values()), ""))

    def _refused(self, batch: Batch, at: int, outcome: Outcome, reason: str) -> Ack:
        """A rename that was sent before may be refused because it is done already."""
        naming = self._work.operation.naming
        if reason == SENT_AGAIN and naming in {"renamed", "removed"}:
            seq = batch.seqs[at]
            return Ack(seq, seq, "unknown", outcome.refused[at], outcome.status)
        return _rejected(batch, at, outcome)

    def _refuse(self, batch: Batch, outcome: Outcome) -> None:
        refused = sorted(outcome.refused)
        self._keep(batch, [_rejected(batch, at, outcome) for at in refused])
        self._check_rejected(next(iter(outcome.refused.values()), ""))

    def _park(self, batch: Batch, outcome: Outcome) -> None:
        """Their fate is not known: told, kept apart, and never sent again by itself."""
        status, colon, words = outcome.reason.partition(": ")
        reason, status = (words, status) if colon else (outcome.reason, "")
        ack = Ack(batch.seqs[0], batch.seqs[-1], "unknown", reason, status)
        self._keep(batch, [ack])
        with self._lock:
            self.tally.doubts += 1
        if self.tally.doubts >= self._limits.unknown_answers:
            self.stop(unavailable(outcome.reason, self._receiver))
        # An outage must not park whatever is pending.
        self._gate.close_for(backoff(self.tally.doubts))

    def _keep(self, batch: Batch, acks: list[Ack], *, accepted: int = 0) -> None:
        journal = self._work.journal
        if journal:
            journal.settle(acks)
        with self._lock:
            self._busy.discard(batch)
            self._acks += acks
            self.tally.count(acks, accepted=accepted)

    def _check_rejected(self, reason: str) -> None:
        rejected, settled = (
            self.tally.rejected,
            self.tally.rejected + self.tally.accepted,
        )
        over = rejected >= self._limits.rejected_rows_budget
        if reason and over and rejected > settled * _REJECTED_SHARE:
            self.stop(
                DeliveryError(
                    f"{self._receiver} refused {rejected:,} of {settled:,} rows, last: "
                    f"{reason}. "
                    "Stopped; mend the cause, then: runner rejected --retry"
                )
            )

    def _left(self, reason: str) -> None:
        """One batch gave up; the others go on, and the run ends as not clean."""
        with self._lock:
            self.failure = self.failure or DeliveryError(
                f"Some batches had no good answer in {self._limits.attempts} attempts, "
                f"last: {reason}. Their rows are still pending; run push again."
            )


_FINAL = frozenset({Kind.ACCEPTED, Kind.AGAIN, Kind.SPLIT, Kind.UNKNOWN})
_STOPPING = frozenset({Kind.AUTH, Kind.CONFIG, Kind.MISSING})


def _accepted(batch: Batch, first: int, last: int, reason: str) -> list[Ack]:
    """One stretch, unless a row between them was refused by an earlier answer."""
    seqs = batch.seqs[first : last + 1]
    if seqs[-1] - seqs[0] == last - first:
        return [Ack(seqs[0], seqs[-1], "accepted", reason)]
    return [Ack(seq, seq, "accepted", reason) for seq in seqs]


def _rejected(batch: Batch, position: int, outcome: Outcome) -> Ack:
    seq = batch.seqs[position]
    return Ack(seq, seq, "rejected", outcome.refused[position], outcome.status)
