"""What may leave but once: parked in doubt, repeated where nothing was applied."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.batches import Batch, Chain
from runner.braze import Answer
from runner.delivery import Delivery, Work
from runner.errors import DeliveryError
from runner.journal import Journal, read_journal
from runner.objects import OBJECTS
from runner.operations import Credentials
from runner.settings import Limits

from .test_delivery import (
    ACCEPTED,
    PATIENCE,
    FakeBraze,
    FastGate,
    Moments,
    batch,
    batches,
    verdicts,
)

# Named for its array alone: the fake reads its rows from there.
TRACK = OBJECTS["braze"]["attributes"].operations[0]
LOST = Answer(0, failure="no answer within the timeout")
NOT_SENT = Answer(0, failure="the connection was refused", sent=False)
COUNTED = Answer(400, {}, b'{"message":"bad","attributes_processed":2}')
UNINDEXED = Answer(201, {}, b'{"message":"success","errors":["one of them"]}')


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def begin(
    braze: FakeBraze,
    journal: Journal,
    *,
    lanes: int = 1,
    limits: Limits | None = None,
    gate: Callable[[Limits], FastGate] = FastGate,
) -> Delivery:
    """A delivery of rows that leave once; waiting takes it no time."""
    limits = limits or Limits()
    work = Work(TRACK, lambda scope: TRACK.call(scope, Credentials()), journal)
    delivery = Delivery(braze.lane, work, gate(limits), limits, lanes=lanes)
    delivery._stop = Moments()
    return delivery


def deliver(
    braze: FakeBraze,
    journal: Journal,
    work: list[Batch],
    *,
    lanes: int = 1,
    limits: Limits | None = None,
) -> Delivery:
    """Deliver everything and return when the lanes have ended."""
    delivery = begin(braze, journal, lanes=lanes, limits=limits)
    for one in work:
        delivery.offer(Chain((one,)))
    delivery.close()
    delivery.join(PATIENCE)
    assert delivery.finished(), "the lanes did not end"
    return delivery


IN_DOUBT = [
    LOST,
    Answer(0, failure="the connection broke before the answer was whole"),
    Answer(408, {}, b""),
    Answer(500, {}, b'{"message":"broken"}'),
    Answer(503, {}, b"<html>"),
    Answer(504, {"retry-after": "1"}, b""),
    Answer(200, {}, b"<html>Welcome</html>"),
    Answer(200, {}, b'<script>{"message":"success"}</script>'),
    Answer(201, {}, b'{"message":"succ'),
    Answer(201, {}, b"{}"),
    Answer(201, {}, b"[]"),
    Answer(201, {}, b"", failure="the answer was cut off"),
    Answer(201, {}, b'{"message":"success","attributes_processed":1}'),
    Answer(400, {}, b""),
    UNINDEXED,
    COUNTED,
]


@pytest.mark.parametrize("answer", IN_DOUBT)
def test_what_nobody_knows_is_parked_and_never_sent_again(
    answer: Answer, journal: Journal
) -> None:
    """F17, F19 to F21 and trap 5: no answer names what would tell a repeat apart."""
    braze = FakeBraze(answer)

    delivery = deliver(braze, journal, [batch(range(3))])

    assert verdicts(delivery.take()) == {"unknown": [0, 1, 2]}
    assert len(braze.bodies) == 1


@pytest.mark.parametrize("answer", IN_DOUBT)
def test_what_is_parked_is_no_longer_in_flight(
    answer: Answer, journal: Journal
) -> None:
    deliver(FakeBraze(answer), journal, [batch(range(3))])
    reading = read_journal(journal.path, 3)
    assert reading
    assert reading.in_flight == []
    assert verdicts(reading.acks) == {"unknown": [0, 1, 2]}


def test_a_parked_row_says_why(journal: Journal) -> None:
    (ack,) = deliver(FakeBraze(IN_DOUBT[3]), journal, [batch(range(3))]).take()
    assert (ack.status, ack.reason) == ("500", "Braze is unavailable")


def test_a_row_without_an_answer_says_why(journal: Journal) -> None:
    (ack,) = deliver(FakeBraze(LOST), journal, [batch(range(3))]).take()
    assert (ack.status, ack.reason) == ("", LOST.failure)


@pytest.mark.parametrize(
    "answer",
    [NOT_SENT, Answer(429, {"x-ratelimit-retry-after": "1"}), Answer(429, {}, b"")],
)
def test_what_was_not_applied_for_certain_is_sent_again(
    answer: Answer, journal: Journal
) -> None:
    braze = FakeBraze(answer)

    delivery = deliver(braze, journal, [batch(range(3))])

    assert verdicts(delivery.take()) == {"accepted": [0, 1, 2]}
    assert len(braze.bodies) == 2


def test_rows_that_never_left_stay_pending(journal: Journal) -> None:
    delivery = deliver(FakeBraze(always=NOT_SENT), journal, [batch(range(3))])
    assert delivery.take() == []
    assert isinstance(delivery.failure, DeliveryError)


def test_rows_that_never_left_are_not_in_flight(journal: Journal) -> None:
    deliver(FakeBraze(always=NOT_SENT), journal, [batch(range(3))])
    reading = read_journal(journal.path, 3)
    assert reading
    assert reading.in_flight == []


def test_what_follows_a_row_that_never_left_does_not_overtake_it(
    journal: Journal,
) -> None:
    """One user's rows are in order, also when some of them wait for the next push."""
    delivery = begin(FakeBraze(*[NOT_SENT] * Limits().attempts), journal)
    delivery.offer(Chain((batch(range(3)), batch(range(3, 6)))))
    delivery.offer(Chain((batch(range(6, 9)),)))
    delivery.close()
    delivery.join(PATIENCE)

    assert verdicts(delivery.end()) == {"accepted": [6, 7, 8]}


def test_a_chain_that_goes_on_does_not_overtake_the_one_before(
    journal: Journal,
) -> None:
    """One user's rows may be too many for one chain."""
    delivery = begin(FakeBraze(*[NOT_SENT] * Limits().attempts), journal)
    delivery.offer(Chain((batch(range(3)),)))
    delivery.offer(Chain((batch(range(3, 6)),), follows=True))
    delivery.close()
    delivery.join(PATIENCE)

    assert delivery.end() == []


@pytest.mark.parametrize("status", [401, 403, 302, 404])
def test_a_refused_key_or_endpoint_parks_nothing(status: int, journal: Journal) -> None:
    delivery = deliver(FakeBraze(always=Answer(status)), journal, batches(3))
    assert delivery.take() == []


@pytest.mark.parametrize("poison", [{0}, {74}, {0, 37, 74}, {2, 3, 5, 40, 70}])
def test_a_fatal_400_is_halved_and_every_other_row_leaves_once(
    poison: set[int], journal: Journal
) -> None:
    """F28: Braze applies nothing of a request that it answers with 400."""
    delivery = deliver(FakeBraze(poison=poison), journal, batches(1))
    others = [row for row in range(75) if row not in poison]
    found = {"accepted": others, "rejected": sorted(poison)}
    assert verdicts(delivery.take()) == found


def test_a_413_is_halved(journal: Journal) -> None:
    braze = FakeBraze(Answer(413, {}, b"Request Entity Too Large"))
    delivery = deliver(braze, journal, batches(1))
    assert verdicts(delivery.take()) == {"accepted": list(range(75))}


def test_the_journal_hears_of_a_request_before_it_leaves(journal: Journal) -> None:
    seen: list[list[tuple[int, int]]] = []

    class Watching(FakeBraze):
        def answer(self, body: bytes) -> Answer:
            reading = read_journal(journal.path, 6)
            seen.append(reading.in_flight if reading else [])
            return super().answer(body)

    deliver(Watching(), journal, [batch([0, 1, 2]), batch([3, 4, 5])])
    assert seen == [[(0, 2)], [(3, 5)]]


# -- parking is bounded


@pytest.mark.parametrize("lanes", [1, 8])
def test_an_outage_parks_no_more_than_its_bound(lanes: int, journal: Journal) -> None:
    """Ten answers in a row that leave doubt, and what was in flight beside them."""
    limits = Limits(unknown_answers=10)
    braze = FakeBraze(always=Answer(503))

    delivery = deliver(braze, journal, batches(500, 2), lanes=lanes, limits=limits)

    assert len(verdicts(delivery.take())["unknown"]) <= 2 * (10 + lanes - 1)
    assert "cannot be reached" in str(delivery.failure)


def test_doubts_apart_from_each_other_do_not_stop_a_push(journal: Journal) -> None:
    limits = Limits(unknown_answers=2)
    braze = FakeBraze(*[LOST, ACCEPTED] * 10)
    delivery = deliver(braze, journal, batches(20, 2), limits=limits)
    assert len(verdicts(delivery.take())["unknown"]) == 20
    assert delivery.failure is None


# -- how a push ends


class Held(FakeBraze):
    """Answers nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.go = threading.Event()

    def answer(self, body: bytes) -> Answer:
        self.asked.set()
        self.go.wait(PATIENCE)
        return super().answer(body)


def test_what_is_in_flight_at_the_end_of_patience_is_parked(journal: Journal) -> None:
    braze = Held()
    delivery = begin(braze, journal)
    delivery.offer(Chain((batch(range(3)), batch(range(3, 6)))))
    assert braze.asked.wait(PATIENCE)
    delivery.stop()

    assert verdicts(delivery.end()) == {"unknown": [0, 1, 2]}
    braze.go.set()
    delivery.join(PATIENCE)
    assert len(braze.bodies) == 1


def test_an_answer_at_the_last_moment_is_not_lost(journal: Journal) -> None:
    """It came after the acks were taken and before the rest was given up."""
    braze = Held()
    delivery = begin(braze, journal)
    delivery.offer(Chain((batch(range(3)),)))
    assert braze.asked.wait(PATIENCE)
    delivery.stop()
    assert delivery.take() == []
    braze.go.set()
    delivery.join(PATIENCE)

    assert verdicts(delivery.end()) == {"accepted": [0, 1, 2]}


def test_a_lane_that_breaks_parks_what_it_had_sent(journal: Journal) -> None:
    """Whatever broke, the request may have arrived."""

    class Broken(FakeBraze):
        def answer(self, body: bytes) -> Answer:
            super().answer(body)
            raise ZeroDivisionError

    delivery = deliver(Broken(), journal, [batch(range(3)), batch(range(3, 6))])

    assert verdicts(delivery.end()) == {"unknown": [0, 1, 2]}


def test_a_journal_that_cannot_be_written_parks_what_was_answered(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: the answer may be lost, a repeat must not happen."""

    def full(_acks: object) -> None:
        raise OSError

    monkeypatch.setattr(Journal, "settle", lambda _self, acks: full(acks))
    delivery = deliver(FakeBraze(), journal, [batch(range(3))])
    assert list(verdicts(delivery.end())) == ["unknown"]


def test_a_signal_may_come_at_any_moment(journal: Journal) -> None:
    """The handler runs in the thread that takes acks, maybe while it holds the lock."""
    delivery = begin(FakeBraze(), journal)
    ended = threading.Event()

    def stop_while_locked() -> None:
        with delivery._lock:
            delivery.stop()
        ended.set()

    threading.Thread(target=stop_while_locked, daemon=True).start()
    assert ended.wait(PATIENCE / 4), "a lock that is held once cannot be entered again"


def test_nothing_leaves_once_the_lease_may_be_anothers(journal: Journal) -> None:
    """F08: a process that slept between its turn and its first byte. Whoever took the
    lease has read the journal by now, and found nothing of this request in it."""

    class Sleeper(FastGate):
        def enter(self, stop: threading.Event) -> bool:
            entered = super().enter(stop)
            self.now += 1_000
            return entered

    gates: list[Sleeper] = []

    def gate(limits: Limits) -> FastGate:
        gates.append(Sleeper(limits))
        gates[0].trust_for(80)
        return gates[0]

    braze = FakeBraze()
    delivery = begin(braze, journal, gate=gate)
    delivery.offer(Chain((batch(range(3)),)))
    time.sleep(0.1)
    delivery.stop()
    delivery.join(PATIENCE)

    assert braze.bodies == []
    assert delivery.end() == []
