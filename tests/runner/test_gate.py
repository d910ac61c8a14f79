"""Pacing and waiting, on a clock that only the tests move."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runner.gate import Gate
from runner.settings import Limits


class Clock(threading.Event):
    """A clock that waiting moves; as the `stop` of `enter` it takes no real time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        # A float added to a large one may be lost; time always moves on.
        self.now = max(self.now + (timeout or 0.0), self.now + 1e-9)
        return self.is_set()


def begins(gate: Gate, clock: Clock, requests: int) -> list[float]:
    """Let so many requests pass and return when each began."""
    moments = []
    for _ in range(requests):
        assert gate.enter(clock)
        moments.append(clock.now)
        gate.leave()
    return moments


def most_in_a_window(moments: list[float], seconds: float) -> int:
    return max(
        sum(start <= moment < start + seconds for moment in moments)
        for start in moments
    )


@given(st.integers(1, 400), st.floats(0.1, 60))
@hypothesis_settings(max_examples=40, deadline=None)
def test_no_window_sees_more_requests_than_the_limit(
    limit: int, seconds: float
) -> None:
    clock = Clock()
    gate = Gate(limit, seconds, clock=clock)
    moments = begins(gate, clock, min(3 * limit, 300))
    assert most_in_a_window(moments, seconds) <= limit


def test_pacing_uses_nearly_the_whole_limit() -> None:
    clock = Clock()
    gate = Gate(100, 1.0, clock=clock)
    moments = begins(gate, clock, 300)
    assert moments[-1] - moments[0] == pytest.approx(300 / 95, rel=0.05)


def test_an_idle_gate_saves_up_no_burst() -> None:
    clock = Clock()
    gate = Gate(100, 1.0, clock=clock)
    clock.now += 3_600
    assert most_in_a_window(begins(gate, clock, 300), 1.0) <= 100


def test_nothing_begins_while_the_gate_is_closed() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    gate.close_for(30)
    assert begins(gate, clock, 1) >= [1_030.0]


def test_closing_counts_for_a_request_that_has_its_turn_already() -> None:
    """Braze's word may come while a request waits for its slot."""
    clock = Clock()
    gate = Gate(1, 10.0, clock=clock)
    begins(gate, clock, 1)

    class Told(Clock):
        """Closes the gate while the request waits for the first time."""

        def wait(self, timeout: float | None = None) -> bool:
            if not told.is_set():
                told.set()
                gate.close_for(60)
            return clock.wait(timeout)

    told = threading.Event()
    assert gate.enter(Told())
    assert clock.now >= 1_060.0


def test_a_shorter_word_undoes_no_longer_one() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    gate.close_for(30)
    gate.close_for(1)
    assert begins(gate, clock, 1) >= [1_030.0]


def test_a_longer_word_extends_a_shorter_one() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    gate.close_for(1)
    gate.close_for(30)
    assert begins(gate, clock, 1) >= [1_030.0]


def test_the_same_wait_told_to_many_lanes_counts_once() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    for _ in range(64):
        gate.close_for(30)
    assert gate.waited == 30.0


def test_waits_after_each_other_add_up() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    gate.close_for(30)
    clock.now += 40
    gate.close_for(5)
    assert gate.waited == 35.0


def test_after_a_wait_requests_begin_evenly_again() -> None:
    clock = Clock()
    gate = Gate(100, 1.0, clock=clock)
    gate.close_for(30)
    assert most_in_a_window(begins(gate, clock, 300), 1.0) <= 100


def test_nothing_begins_once_stopped() -> None:
    clock = Clock()
    clock.set()
    assert not Gate(*Limits().rate("track"), clock=clock).enter(clock)


def test_a_stopped_request_is_not_in_flight() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    clock.set()
    gate.enter(clock)
    assert gate.in_flight == 0


def test_requests_in_flight_are_counted() -> None:
    clock = Clock()
    gate = Gate(*Limits().rate("track"), clock=clock)
    gate.enter(clock)
    gate.enter(clock)
    gate.leave()
    assert gate.in_flight == 1
