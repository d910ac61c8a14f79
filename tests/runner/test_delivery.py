"""From batches to verdicts: against a fake lane that answers as Braze does."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest

from runner.batches import Batch, Chain
from runner.braze import Answer
from runner.delivery import Delivery, Work
from runner.errors import AuthError, ConfigError, DeliveryError
from runner.gate import Gate
from runner.ledger import Ack, merged
from runner.objects import OBJECTS
from runner.operations import Credentials
from runner.settings import Limits

ROWS = 75
ACCEPTED = Answer(201, {}, b'{"message":"success"}')
PATIENCE = 20.0
"""Seconds after which a delivery that hangs fails its test."""


class FakeBraze:
    """Answers bodies by a script first, then by its rules; counts what it saw."""

    def __init__(
        self,
        *script: Answer,
        poison: Collection[int] = (),
        always: Answer | None = None,
    ) -> None:
        self.script = list(script)
        self.poison = set(poison)
        self.always = always
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()

    def lane(self) -> Any:
        return FakeLane(self)

    def answer(self, body: bytes) -> Answer:
        with self.lock:
            self.bodies.append(body)
            if self.script:
                return self.script.pop(0)
        if self.always:
            return self.always
        if self.poison & set(numbers(body)):
            return Answer(400, {}, b'{"message":"one of them is bad"}')
        return ACCEPTED


class FakeLane:
    """One connection to the fake."""

    def __init__(self, braze: FakeBraze) -> None:
        self.braze = braze

    def send(self, _method: str, _path: str, body: bytes) -> Answer:
        return self.braze.answer(body)

    def close(self) -> None:
        pass


TRACK = OBJECTS["braze"]["attributes"].operations[0]
WORK = Work(TRACK, lambda scope: TRACK.call(scope, Credentials()))


def body_of(batch: Batch) -> bytes:
    return WORK.call("").body(batch.payloads)


def numbers(body: bytes) -> list[int]:
    return [item["n"] for item in json.loads(body)["attributes"]]


def batch(seqs: Iterable[int]) -> Batch:
    rows = tuple(seqs)
    return Batch(rows, tuple(f'{{"n":{seq}}}' for seq in rows))


def batches(count: int, size: int = ROWS) -> list[Batch]:
    return [batch(range(at * size, (at + 1) * size)) for at in range(count)]


class Moments(threading.Event):
    """A `stop` that waits for nobody: backoff takes no time in these tests."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.slept.append(timeout or 0.0)
        return self.is_set()


class FastGate(Gate):
    """A gate on a clock that jumps over every wait, and remembers the waits."""

    def __init__(self, limits: Limits) -> None:
        self.now = 0.0
        self.entered_at: list[float] = []
        super().__init__(*limits.rate("track"), clock=lambda: self.now)

    def enter(self, stop: threading.Event) -> bool:
        entered = super().enter(Jump(self, stop))
        self.entered_at.append(self.now)
        return entered


class Jump(threading.Event):
    """Waiting moves the gate's clock instead of taking time."""

    def __init__(self, gate: FastGate, stop: threading.Event) -> None:
        super().__init__()
        self.gate, self.stop = gate, stop

    def is_set(self) -> bool:
        return self.stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        self.gate.now = max(self.gate.now + (timeout or 0.0), self.gate.now + 1e-9)
        return self.is_set()


def deliver(
    braze: FakeBraze,
    work: list[Batch],
    *,
    lanes: int = 1,
    limits: Limits | None = None,
    gate: Callable[[Limits], Gate] = FastGate,
) -> Delivery:
    """Deliver everything and return when the lanes have ended."""
    limits = limits or Limits()
    delivery = Delivery(braze.lane, WORK, gate(limits), limits, lanes=lanes)
    # Backoff sleeps on this event; here it takes no time.
    delivery._stop = Moments()
    for one in work:
        delivery.offer(Chain((one,)))
    delivery.close()
    delivery.join(PATIENCE)
    assert delivery.finished(), "the lanes did not end"
    return delivery


def verdicts(acks: list[Ack]) -> dict[str, list[int]]:
    """Row numbers by verdict."""
    found: dict[str, list[int]] = {}
    for ack in merged(acks):
        found.setdefault(ack.verdict, []).extend(range(ack.first_seq, ack.last_seq + 1))
    return found


# -- every row ends in its class


def test_accepted_batches_accept_all_their_rows() -> None:
    delivery = deliver(FakeBraze(), batches(4), lanes=3)
    assert verdicts(delivery.take()) == {"accepted": list(range(4 * ROWS))}


def test_each_batch_is_sent_once() -> None:
    braze = FakeBraze()
    deliver(braze, batches(4), lanes=3)
    assert sorted(braze.bodies) == sorted(body_of(one) for one in batches(4))


def test_indexed_errors_reject_their_rows_and_accept_the_others() -> None:
    answer = {
        "message": "success",
        "errors": [
            {"type": "bad email", "input_array": "attributes", "index": 0},
            {"type": "bad phone", "input_array": "attributes", "index": 74},
        ],
    }
    braze = FakeBraze(Answer(201, {}, json.dumps(answer).encode()))
    delivery = deliver(braze, [batch(range(100, 175))])
    expected = {"accepted": list(range(101, 174)), "rejected": [100, 174]}
    assert expected == verdicts(delivery.take())


def test_a_rejected_row_keeps_its_own_reason() -> None:
    answer = b'{"message":"success","errors":[{"type":"bad email","index":1}]}'
    delivery = deliver(FakeBraze(Answer(201, {}, answer)), [batch(range(3))])
    rejected = [ack for ack in delivery.take() if ack.verdict == "rejected"]
    assert rejected == [Ack(1, 1, "rejected", "bad email", "201")]


@pytest.mark.parametrize("poison", [0, 1, 37, 73, 74])
def test_a_poison_row_is_isolated_and_the_others_are_accepted(poison: int) -> None:
    delivery = deliver(FakeBraze(poison={poison}), batches(1))
    others = [row for row in range(ROWS) if row != poison]
    expected = {"accepted": others, "rejected": [poison]}
    assert expected == verdicts(delivery.take())


def test_a_poison_row_keeps_brazes_words() -> None:
    delivery = deliver(FakeBraze(poison={7}), batches(1))
    rejected = [ack for ack in delivery.take() if ack.verdict == "rejected"]
    assert rejected == [Ack(7, 7, "rejected", "one of them is bad", "400")]


@pytest.mark.parametrize(
    "poison",
    [{0}, {37}, {0, 74}, {10, 11}, {0, 37, 74}, {1, 20, 40, 60}, {2, 3, 5, 40, 70}],
)
def test_isolating_poison_rows_takes_few_requests(poison: set[int]) -> None:
    braze = FakeBraze(poison=poison)
    deliver(braze, batches(1))
    count = len(poison)
    assert len(braze.bodies) - 1 <= 2 * count * math.log2(ROWS) + count


def test_a_request_whose_every_row_is_poison_ends() -> None:
    delivery = deliver(FakeBraze(poison=range(ROWS)), batches(1))
    assert verdicts(delivery.take()) == {"rejected": list(range(ROWS))}


def test_a_request_too_large_is_halved() -> None:
    braze = FakeBraze(Answer(413, {}, b"Request Entity Too Large"))
    deliver(braze, batches(1))
    assert [len(numbers(body)) for body in braze.bodies] == [75, 37, 38]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(0, failure="the connection was refused"),
        Answer(500, {}, b""),
        Answer(503, {}, b"<html>"),
        Answer(200, {}, b"<html>"),
        Answer(201, {}, b'{"message":"succ'),
        Answer(201, {}, b"{}"),
    ],
)
def test_what_nobody_knows_is_sent_again_unchanged(answer: Answer) -> None:
    braze = FakeBraze(answer)
    deliver(braze, batches(1))
    assert braze.bodies == [body_of(batches(1)[0])] * 2


def test_an_unknown_fate_is_settled_by_the_next_answer() -> None:
    delivery = deliver(FakeBraze(Answer(201, {}, b"{}")), batches(1))
    assert verdicts(delivery.take()) == {"accepted": list(range(ROWS))}


def test_rows_without_a_good_answer_stay_pending() -> None:
    delivery = deliver(FakeBraze(always=Answer(500)), batches(1))
    assert delivery.take() == []


def test_rows_without_a_good_answer_end_the_push_as_not_clean() -> None:
    delivery = deliver(FakeBraze(always=Answer(500)), batches(1))
    assert isinstance(delivery.failure, DeliveryError)


def test_a_batch_is_sent_no_more_often_than_the_limit() -> None:
    braze = FakeBraze(always=Answer(500))
    deliver(braze, batches(1), limits=Limits(attempts=3))
    assert len(braze.bodies) == 3


def test_one_batch_that_gives_up_does_not_stop_the_others() -> None:
    braze = FakeBraze(*[Answer(500)] * 5)
    delivery = deliver(braze, batches(2))
    assert verdicts(delivery.take()) == {"accepted": list(range(ROWS, 2 * ROWS))}


# -- when to stop


def test_the_retry_quota_stops_a_storm() -> None:
    """500 batches against an outage: a hundred retries, not two thousand."""
    braze = FakeBraze(always=Answer(503))
    delivery = deliver(braze, batches(500, size=1), lanes=4)
    assert (len(braze.bodies) < 120, delivery.stopped) == (True, True)


def test_a_stopped_storm_says_what_the_last_answer_was() -> None:
    delivery = deliver(FakeBraze(always=Answer(503)), batches(500, size=1))
    assert "503" in str(delivery.failure)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("good", [0, 1, 7, 50])
def test_a_refused_key_stops_every_lane_within_a_request(
    status: int, good: int
) -> None:
    refused = Answer(status, {}, b'{"message":"Invalid API key: canary"}')
    braze = FakeBraze(*[ACCEPTED] * good, always=refused)
    deliver(braze, batches(200, size=1), lanes=4)
    assert len(braze.bodies) <= good + 4


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_rejects_no_row(status: int) -> None:
    delivery = deliver(FakeBraze(always=Answer(status)), batches(3), lanes=2)
    assert delivery.take() == []


def test_a_refused_key_is_an_error_of_authentication() -> None:
    delivery = deliver(FakeBraze(always=Answer(401)), batches(1))
    assert isinstance(delivery.failure, AuthError)


def test_a_refused_key_keeps_what_was_accepted_before() -> None:
    braze = FakeBraze(ACCEPTED, always=Answer(401))
    delivery = deliver(braze, batches(3))
    assert verdicts(delivery.take()) == {"accepted": list(range(ROWS))}


@pytest.mark.parametrize("status", [302, 307, 308, 404, 405, 415])
def test_a_wrong_endpoint_stops_at_once(status: int) -> None:
    braze = FakeBraze(always=Answer(status))
    deliver(braze, batches(3))
    assert len(braze.bodies) == 1


def test_a_wrong_endpoint_is_an_error_of_configuration() -> None:
    delivery = deliver(FakeBraze(always=Answer(307)), batches(1))
    assert isinstance(delivery.failure, ConfigError)


def test_too_many_rejected_rows_stop_the_sync() -> None:
    limits = Limits(rejected_rows_budget=20)
    braze = FakeBraze(poison=range(10_000))
    deliver(braze, batches(100, size=2), limits=limits)
    assert len(braze.bodies) < 40


def test_too_many_rejected_rows_say_how_to_go_on() -> None:
    limits = Limits(rejected_rows_budget=20)
    delivery = deliver(
        FakeBraze(poison=range(10_000)), batches(100, size=2), limits=limits
    )
    assert "runner rejected --retry" in str(delivery.failure)


def test_few_rejected_among_many_rows_do_not_stop_the_sync() -> None:
    limits = Limits(rejected_rows_budget=3)
    braze = FakeBraze(poison={200, 210, 220, 230})
    delivery = deliver(braze, batches(4), limits=limits)
    assert verdicts(delivery.take())["rejected"] == [200, 210, 220, 230]


def test_stopping_from_outside_begins_no_further_request() -> None:
    braze = FakeBraze()
    limits = Limits()
    delivery = Delivery(braze.lane, WORK, FastGate(limits), limits, lanes=2)
    delivery.stop()
    for one in batches(3):
        delivery.offer(Chain((one,)))
    delivery.close()
    delivery.join(PATIENCE)
    assert braze.bodies == []


def test_a_lane_that_breaks_ends_the_push_in_words() -> None:
    class Broken(FakeBraze):
        def answer(self, body: bytes) -> Answer:
            raise ZeroDivisionError

    assert "ZeroDivisionError" in str(deliver(Broken(), batches(1)).failure)


# -- when to wait

WAIT_7 = Answer(429, {"x-ratelimit-retry-after": "7"})
NO_WORD = Answer(429, {})


def began_at(*script: Answer, limits: Limits | None = None) -> list[float]:
    """Deliver one batch and return when each of its requests began."""
    gates: list[FastGate] = []

    def gate(limits: Limits) -> FastGate:
        gates.append(FastGate(limits))
        return gates[0]

    deliver(FakeBraze(*script), batches(1), gate=gate, limits=limits)
    return gates[0].entered_at


def test_a_429_is_waited_for() -> None:
    first, second = began_at(WAIT_7)
    assert second - first >= 7.0


def test_a_429_without_a_word_backs_off() -> None:
    moments = began_at(*[NO_WORD] * 6)
    assert moments == sorted(moments)


def test_429s_are_no_failed_attempts() -> None:
    assert len(began_at(*[WAIT_7] * 20, limits=Limits(attempts=2))) == 21


def test_a_503_that_says_when_to_come_back_is_waited_for() -> None:
    first, second = began_at(Answer(503, {"retry-after": "9"}))
    assert second - first >= 9.0


def test_the_last_request_of_a_window_pauses_those_after_it() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}
    gates: list[FastGate] = []

    def gate(limits: Limits) -> FastGate:
        gates.append(FastGate(limits))
        return gates[0]

    full = Answer(201, headers, ACCEPTED.body)
    deliver(FakeBraze(full), batches(2), gate=gate)
    first, second = gates[0].entered_at
    assert second - first >= 12.0


def test_waiting_beyond_the_budget_leaves_the_rest_pending() -> None:
    delivery = deliver(
        FakeBraze(always=WAIT_7), batches(2), limits=Limits(wait_budget=60)
    )
    assert "wait_budget" in str(delivery.failure)


def test_waiting_beyond_the_budget_begins_no_request() -> None:
    braze = FakeBraze(always=WAIT_7)
    deliver(braze, batches(2), limits=Limits(wait_budget=60))
    assert len(braze.bodies) <= 60 // 7 + 2


def test_an_outage_that_says_to_come_back_has_the_same_budget() -> None:
    outage = Answer(503, {"retry-after": "900"})
    moments = began_at(*[outage] * 5, limits=Limits(wait_budget=60))
    assert moments[-1] - moments[0] <= 900 + 60


def test_a_word_to_wait_for_no_time_at_all_is_not_obeyed_for_ever() -> None:
    braze = FakeBraze(always=Answer(429, {"retry-after": "0"}))
    delivery = deliver(braze, batches(1))
    assert isinstance(delivery.failure, DeliveryError)
    assert len(braze.bodies) <= 101


def test_a_key_that_is_refused_without_a_whole_answer_is_refused() -> None:
    delivery = deliver(FakeBraze(always=Answer(401, {}, b"")), batches(1))
    assert isinstance(delivery.failure, AuthError)


# -- numbers


def test_every_request_is_counted() -> None:
    braze = FakeBraze(Answer(500), NO_WORD, poison={3})
    delivery = deliver(braze, batches(1))
    assert delivery.tally.requests == len(braze.bodies)


def test_the_tally_is_what_the_acks_say() -> None:
    delivery = deliver(FakeBraze(poison={3, 80}), batches(3), lanes=2)
    tally = (delivery.tally.accepted, delivery.tally.rejected)
    found = verdicts(delivery.take())
    assert tally == (len(found["accepted"]), len(found["rejected"]))


def test_acks_are_handed_out_once() -> None:
    delivery = deliver(FakeBraze(), batches(1))
    delivery.take()
    assert delivery.take() == []
