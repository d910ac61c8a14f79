"""Sends one sync's batches through lanes until the fate of each row is clear.

Knows outcomes and retries, but neither the warehouse nor the ledger: acknowledgements
are handed out for the caller to record.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .batches import Batch
from .braze import Answer, Lane
from .errors import AuthError, ConfigError, DeliveryError, RunnerError
from .gate import Gate
from .ledger import Ack
from .outcome import Kind, Outcome, classify, pause_before_limit
from .settings import Limits

_BACKOFF_BASE = 0.5
_BACKOFF_CAP = 20.0

# The retry quota of the AWS SDKs: retries must not make an outage worse.
_QUOTA = 500
_RETRY_COST = 5
_SUCCESS_GAIN = 1

_MOST_WAITS = 100
"""429s in a row for one batch, after which its rows are left pending."""

_REJECTED_SHARE = 0.1
"""More than one row in ten refused is a fault of the set-up, not of the rows."""


@dataclass(slots=True)
class Tally:
    """Rows and requests so far, for progress and for stopping in time."""

    accepted: int = 0
    rejected: int = 0
    requests: int = 0
    quota: int = _QUOTA


class Delivery:
    """The lanes of one sync. `offer` batches, `take` acks, then `finish`."""

    def __init__(
        self,
        new_lane: Callable[[], Lane],
        gate: Gate,
        limits: Limits,
        *,
        lanes: int,
    ) -> None:
        self._gate = gate
        self._limits = limits
        self._queue: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._acks: list[Ack] = []
        self._stop = threading.Event()
        self._new_lane = new_lane
        self.tally = Tally()
        self.failure: RunnerError | None = None
        self._threads: list[threading.Thread] = []
        self._threads += [
            threading.Thread(target=self._work, daemon=True, name=f"lane-{number}")
            for number in range(lanes)
        ]
        for thread in self._threads:
            thread.start()

    def offer(self, batch: Batch) -> None:
        """Hand a batch to the next free lane."""
        self._queue.put(batch)

    def waiting(self) -> int:
        """Batches that no lane has taken yet."""
        return self._queue.qsize()

    def take(self) -> list[Ack]:
        """Return the acknowledgements since the last call."""
        with self._lock:
            acks, self._acks = self._acks, []
        return acks

    def close(self) -> None:
        """No batch will follow: each lane ends when the queue is empty."""
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

    def _work(self) -> None:
        lane = self._new_lane()
        try:
            while not self._stop.is_set():
                batch = self._queue.get()
                if batch is None:
                    return
                self._settle(lane, batch)
        except Exception as error:  # noqa: BLE001 - a lane must not die in silence
            self.stop(
                DeliveryError(f"A lane failed unexpectedly: {type(error).__name__}.")
            )
        finally:
            lane.close()

    def _settle(self, lane: Lane, batch: Batch) -> None:
        """Bring a batch to its end, halving it while a row in it spoils the rest."""
        parts = [batch]
        while parts:
            part = parts.pop()
            outcome = self._send(lane, part)
            if outcome is None:
                continue
            if outcome.kind is Kind.ACCEPTED:
                self._accept(part, outcome)
            elif len(part.seqs) > 1:
                parts += reversed(part.halves())
            else:
                self._reject(part.seqs[0], outcome.reason)

    def _send(self, lane: Lane, batch: Batch) -> Outcome | None:
        """Send until the answer is final; None leaves the rows pending."""
        body = batch.body()
        attempt = waits = 0
        reason = ""
        while attempt < self._limits.attempts:
            if not self._gate.enter(self._stop):
                return None
            try:
                answer = lane.post(body)
            finally:
                self._gate.leave()
            outcome = self._read(answer, len(batch.seqs))
            reason = outcome.reason
            if outcome.kind in {Kind.ACCEPTED, Kind.SPLIT}:
                return outcome
            if outcome.kind in {Kind.AUTH, Kind.CONFIG}:
                self.stop(stopping_error(outcome))
                return None
            if outcome.kind is Kind.WAIT:
                waits += 1
                # "Wait 0" is no word to wait by: many at once would never end.
                self._pause(outcome.wait or _backoff(waits))
                attempt = self._limits.attempts if waits > _MOST_WAITS else attempt
                continue
            if outcome.wait:
                self._pause(outcome.wait)
            attempt += 1
            if not self._may_retry():
                self.stop(_unavailable(reason))
                return None
            if attempt < self._limits.attempts:
                self._stop.wait(_backoff(attempt))
        self._left(reason)
        return None

    def _pause(self, seconds: float) -> None:
        """Let nothing begin for so long; stop where a push may not wait as long."""
        self._gate.close_for(seconds)
        if self._gate.waited > self._limits.wait_budget:
            self.stop(_too_long(self._gate.waited))

    def _read(self, answer: Answer, objects: int) -> Outcome:
        with self._lock:
            self.tally.requests += 1
        if not answer.status:
            return Outcome(Kind.RETRY, answer.failure)
        pause = pause_before_limit(answer.headers, self._gate.in_flight)
        if pause is not None and answer.status != 429:
            self._pause(pause)
        return classify(answer.status, answer.headers, answer.body, objects)

    def _accept(self, batch: Batch, outcome: Outcome) -> None:
        acks: list[Ack] = []
        first = 0
        for position in sorted(outcome.refused):
            if position > first:
                acks.append(_accepted(batch, first, position - 1))
            seq = batch.seqs[position]
            acks.append(
                Ack(seq, seq, "rejected", outcome.refused[position], outcome.status)
            )
            first = position + 1
        if first < len(batch.seqs):
            acks.append(_accepted(batch, first, len(batch.seqs) - 1))
        with self._lock:
            self._acks += acks
            self.tally.accepted += len(batch.seqs) - len(outcome.refused)
            self.tally.rejected += len(outcome.refused)
            self.tally.quota = min(_QUOTA, self.tally.quota + _SUCCESS_GAIN)
        self._check_rejected(next(iter(outcome.refused.values()), ""))

    def _reject(self, seq: int, reason: str) -> None:
        status, _, words = reason.partition(": ")
        with self._lock:
            self._acks.append(Ack(seq, seq, "rejected", words or reason, status))
            self.tally.rejected += 1
        self._check_rejected(reason)

    def _check_rejected(self, reason: str) -> None:
        rejected, settled = (
            self.tally.rejected,
            self.tally.rejected + self.tally.accepted,
        )
        over = rejected >= self._limits.rejected_rows_budget
        if reason and over and rejected > settled * _REJECTED_SHARE:
            self.stop(
                DeliveryError(
                    f"Braze refused {rejected:,} of {settled:,} rows, last: {reason}. "
                    "Stopped; mend the cause, then: runner rejected --retry"
                )
            )

    def _may_retry(self) -> bool:
        with self._lock:
            self.tally.quota -= _RETRY_COST
            return self.tally.quota > 0

    def _left(self, reason: str) -> None:
        """One batch gave up; the others go on, and the run ends as not clean."""
        with self._lock:
            self.failure = self.failure or DeliveryError(
                f"Some batches had no good answer in {self._limits.attempts} attempts, "
                f"last: {reason}. Their rows are still pending; run push again."
            )


def _accepted(batch: Batch, first: int, last: int) -> Ack:
    return Ack(batch.seqs[first], batch.seqs[last], "accepted")


def _backoff(attempt: int) -> float:
    """Full jitter: a random time below an exponential ceiling."""
    ceiling = min(_BACKOFF_CAP, _BACKOFF_BASE * 2 ** (attempt - 1))
    return random.uniform(0, ceiling)  # noqa: S311 - not a secret


def stopping_error(outcome: Outcome) -> RunnerError:
    if outcome.kind is Kind.AUTH:
        return AuthError(
            f"{outcome.reason}. Check BRAZE_API_KEY and BRAZE_REST_ENDPOINT; "
            "nothing more was sent."
        )
    return ConfigError(
        f"{outcome.reason}. Check BRAZE_REST_ENDPOINT; nothing more was sent."
    )


def _too_long(waited: float) -> DeliveryError:
    return DeliveryError(
        f"Braze told us to wait {waited:.0f} s in all, beyond wait_budget. "
        "The rest is still pending; run push again later."
    )


def _unavailable(reason: str) -> DeliveryError:
    return DeliveryError(
        f"Braze cannot be reached, last: {reason}. "
        "The rest is still pending; run push again later."
    )
