"""Runners that share one rate limit, and what befalls them: see shares.py."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from .rate_shares import LEASE_SECONDS, SHARE_OF_LIMIT, TRUSTED_SECONDS, RateShares

WINDOW_SECONDS = 3.0

RENEW_SECONDS = 5.0
WORST_DRIFT = 0.001
"""A clock may gain or lose a thousandth: ten times what quartz does."""

JITTER_SECONDS = 0.1
"""How much longer than another one request may be on its way."""

WORST_SKEW = 20.0
"""How wrong a clock on the wall may be. Only the way that trusts such clocks looks."""

# Each runner's faults: every so many seconds on average, and how long they last.
CRASH_EVERY, BACK_AFTER = 1200.0, (30.0, 300.0)
STALL_EVERY, STALLED_FOR = 600.0, (1.0, 60.0)
CUT_OFF_EVERY, CUT_OFF_FOR = 600.0, (5.0, 120.0)
LOST_SHARE = 0.05
"""Asks, and again answers, that are lost or late on their way."""


@dataclass(slots=True)
class Runner:
    """One process; a restarted one is another."""

    name: str
    clock_rate: float
    skew: float
    pace: int = 0
    epoch: int = 0
    trusted_until: float = 0.0
    stalled_until: float = 0.0
    cut_off_until: float = 0.0
    alive: bool = True


@dataclass(slots=True)
class World:
    """The simulation: events in the order of time, seconds since the start."""

    how: str
    count: int
    seconds: float
    limit: int
    seed: int
    faults: random.Random = field(init=False)
    chance: random.Random = field(init=False)
    table: RateShares = field(init=False)
    arrivals: list[float] = field(default_factory=list)
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    now: float = 0.0
    started: int = 0
    _number: int = 0

    def __post_init__(self) -> None:
        self.faults = random.Random(self.seed)
        self.chance = random.Random(self.seed)
        self.table = RateShares(self.limit)

    def at(self, moment: float, do: Callable[[], None]) -> None:
        """Let something happen, unless the simulation ends before."""
        if moment < self.seconds:
            self._number += 1
            heapq.heappush(self.events, (moment, self._number, do))

    def run(self) -> None:
        """Start every runner within two seconds, and let it all happen."""
        for _ in range(self.count):
            self.at(self.faults.uniform(0, 2), self.start)
        while self.events:
            self.now, _, do = heapq.heappop(self.events)
            do()

    def start(self) -> None:
        """A process begins; what will befall it, and when, is settled now."""
        self.started += 1
        fault = self.faults
        runner = Runner(
            f"runner-{self.started}",
            clock_rate=1 + fault.uniform(-WORST_DRIFT, WORST_DRIFT),
            skew=fault.uniform(-WORST_SKEW, WORST_SKEW),
        )
        end = self.now + fault.expovariate(1 / CRASH_EVERY)
        self.at(end, lambda: self.crash(runner))
        self.at(end + fault.uniform(*BACK_AFTER), self.start)
        self.befall(runner, "stalled_until", end, STALL_EVERY, STALLED_FOR)
        self.befall(runner, "cut_off_until", end, CUT_OFF_EVERY, CUT_OFF_FOR)
        if self.how in ("leases", "by the wall"):
            self.ask(runner)()
        else:
            whole = int(self.limit * SHARE_OF_LIMIT)
            runner.pace = whole if self.how == "none" else whole // self.count
            runner.trusted_until = float("inf")
        self.send(runner)()

    def crash(self, runner: Runner) -> None:
        """Its row stays until it expires."""
        runner.alive = False

    def befall(
        self,
        runner: Runner,
        what: str,
        end: float,
        every: float,
        lasting: tuple[float, float],
    ) -> None:
        """A machine that sleeps, or that the network cuts off; its clock goes on."""
        moment = self.now + self.faults.expovariate(1 / every)
        while moment < end:
            until = moment + self.faults.uniform(*lasting)
            self.at(moment, lambda until=until: setattr(runner, what, until))  # type: ignore[misc]
            moment = until + self.faults.expovariate(1 / every)

    def ask(self, runner: Runner) -> Callable[[], None]:
        """Renew the lease, and ask again a while after the answer, or without one."""

        def do() -> None:
            if not runner.alive:
                return
            if self.now < runner.stalled_until:
                self.at(runner.stalled_until, self.ask(runner))
                return
            if self.now > runner.trusted_until:
                runner.pace = 0
            runner.epoch += 1
            asked, epoch, pace = self.now, runner.epoch, runner.pace
            travel = self.chance.uniform(0.05, 1.5)
            if self.chance.random() < LOST_SHARE:
                travel = self.chance.uniform(5, 40)
            if self.now >= runner.cut_off_until:
                self.at(asked + travel, lambda: self.heard(runner, epoch, pace, asked))
            self.at(asked + RENEW_SECONDS / runner.clock_rate, self.ask(runner))

        return do

    def heard(self, runner: Runner, epoch: int, pace: int, asked: float) -> None:
        """The table has an ask; the runner may hear the answer, if it still waits."""
        grant = self.table.ask(runner.name, epoch, pace, self.now)
        expires = self.now + LEASE_SECONDS
        answered = self.now + self.chance.uniform(0.05, 0.5)
        if grant is None or self.chance.random() < LOST_SHARE:
            return

        def do() -> None:
            if epoch == runner.epoch and runner.alive:
                runner.pace = min(grant.share, max(grant.fair, 1))
                runner.trusted_until = asked + TRUSTED_SECONDS / runner.clock_rate
                if self.how == "by the wall":
                    runner.trusted_until = expires - runner.skew

        self.at(max(answered, runner.stalled_until), do)

    def send(self, runner: Runner) -> Callable[[], None]:
        """Begin one request at its slot, if the lease holds, and take the next slot."""

        def do() -> None:
            if not runner.alive:
                return
            if self.now < runner.stalled_until:
                self.at(runner.stalled_until, self.send(runner))
                return
            if runner.pace == 0 or self.now > runner.trusted_until:
                self.at(self.now + 0.2, self.send(runner))
                return
            self.arrivals.append(
                self.now + 0.02 + self.chance.uniform(0, JITTER_SECONDS)
            )
            self.at(
                self.now + WINDOW_SECONDS / runner.pace / runner.clock_rate,
                self.send(runner),
            )

        return do
