"""Owns everything one running sandbox remembers, and the lock around it.

Must not answer requests; its functions take the lock, so callers must not hold it.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from . import cohorts, faults, rates, strict_json, workspace
from .catalogs import Catalog
from .cohorts import Cohort
from .collected import Account, Collected
from .faults import Faults
from .flights import Flights
from .later import Later
from .meters import Meters, RateWindow, Received, Wait
from .objects import Terms
from .rates import Dialect, Limits, Rate
from .track import Limit
from .wire import Request
from .workspace import Workspace


@dataclass(frozen=True, slots=True)
class Delays:
    """How many seconds pass before something accepted can be seen.

    `visibility` holds for aliases, identifications, merges and ids, `export` for every
    write as the export shows it.
    """

    visibility: float = 0.0
    export: float = 0.0
    fields: float = 0.0
    items: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sandbox is started with; limits differ by contract."""

    api_key: str = "sandbox-key"
    permissions: frozenset[str] | None = None
    objects_per_request: Limit = 75
    rate_limit: Rate | None = None
    limits: Limits = None
    dialect: Dialect = "epoch"
    max_body_bytes: int = 4 * 2**20
    blocklist: frozenset[str] = frozenset()
    subscription_groups: Mapping[str, str] | None = None
    partner: str | None = None
    partner_api_key: str = "sandbox-partner-key"
    data_import_key: str = "sandbox-import-key"
    account: Account = field(default_factory=Account)
    delays: Delays = Delays()
    strict: bool = True
    kept_bodies: int = 1000
    clock: Callable[[], float] = time.time

    @property
    def terms(self) -> Terms:
        """What the objects of a request are judged by."""
        groups = self.subscription_groups
        return Terms(None if groups is None else frozenset(groups), self.strict)


@dataclass(slots=True)
class State:
    """What has happened since the start or the last reset."""

    settings: Settings
    faults: Faults
    lock: threading.Lock = field(default_factory=threading.Lock)
    terms: Terms = field(init=False)
    workspace: Workspace = field(init=False)
    catalogs: dict[str, Catalog] = field(init=False)
    cohorts: dict[str, Cohort] = field(init=False)
    collected: Collected = field(init=False)
    later: Later = field(init=False)
    flights: Flights = field(init=False)
    meters: Meters = field(init=False)
    windows: dict[str, RateWindow] = field(init=False)
    waits: dict[str, Wait] = field(init=False)
    requests: list[Received] = field(init=False)
    bodies: deque[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.terms = self.settings.terms
        _clear(self)


def begin(state: State, request: Request, *, pool: str) -> Received:
    """Note that a request has arrived, and do what has fallen due."""
    with state.lock:
        state.meters.requests += 1
        received = Received(
            number=state.meters.requests,
            method=request.method,
            path=request.path,
            received_at=request.received_at,
            at=state.settings.clock(),
            bytes=request.bytes,
            early=state.waits[pool].is_early(request.received_at),
        )
        state.later.settle(received.at)
        state.meters.early += received.early
        state.requests.append(received)
        if request.body:
            state.bodies.append(request.body)
    return received


def tell_wait(state: State, *, pool: str, seconds: float) -> None:
    """Note that a caller is being told to wait; the lock must be held."""
    state.meters.rate_limited += 1
    state.waits[pool].tell(now=time.monotonic(), seconds=seconds)


def reset(state: State) -> None:
    """Forget profiles, requests and sums, and start the faults over."""
    with state.lock:
        _clear(state)
        state.faults = faults.read(state.faults.config)


def set_faults(state: State, config: dict[str, Any] | None) -> None:
    """Replace the faults; ValueError leaves the old ones in force."""
    new = faults.read(config)
    with state.lock:
        state.faults = new


def all_profiles(state: State) -> dict[str, dict[str, Any]]:
    """Copy every profile, by its key."""
    with _settled(state):
        return workspace.views(state.workspace)


def all_events(state: State) -> list[dict[str, Any]]:
    """Copy every event in the order it was applied, with the key of its profile."""
    with _settled(state):
        return _told(state.workspace.log.events)


def all_purchases(state: State) -> list[dict[str, Any]]:
    """Copy every purchase in the order it was applied, with the key of its profile."""
    with _settled(state):
        return _told(state.workspace.log.purchases)


def all_catalogs(state: State) -> dict[str, dict[str, Any]]:
    """Copy every catalog: the types of its fields, and its items by id."""
    with _settled(state):
        return {name: one.as_dict() for name, one in state.catalogs.items()}


def all_cohorts(state: State) -> dict[str, dict[str, Any]]:
    """Copy every cohort: its name, and the keys of its members."""
    with _settled(state):
        return cohorts.views(state.cohorts, state.workspace)


def all_collected(state: State) -> dict[str, Any]:
    """Copy what arrived for Movable Ink: events in order, and what was refused."""
    with state.lock:
        collected = state.collected
        return {
            "events": copy.deepcopy(collected.events),
            "refused": dict(collected.refused),
            "unintroduced": collected.unintroduced,
        }


def all_requests(state: State) -> list[dict[str, Any]]:
    """Copy the record of every request, oldest first."""
    with state.lock:
        return [received.as_dict() for received in state.requests]


def all_meters(state: State) -> dict[str, int]:
    """Copy the sums."""
    with _settled(state):
        return {
            **asdict(state.meters),
            "same_user_in_flight": state.flights.most,
            "profiles": len(state.workspace.by_braze_id),
        }


def last_bodies(state: State) -> list[Any]:
    """Parse the last bodies received, oldest first, without those that are not JSON."""
    with state.lock:
        kept = list(state.bodies)
    return [body for raw in kept if (body := _parsed(raw)) is not None]


def _parsed(raw: bytes) -> Any:
    try:
        return strict_json.parse(raw)
    except ValueError:
        return None


@contextmanager
def _settled(state: State) -> Iterator[None]:
    """Hold the lock over what is true by now."""
    with state.lock:
        state.later.settle(state.settings.clock())
        yield


def _told(log: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{"profile": key, **copy.deepcopy(sent)} for key, sent in log]


def _clear(state: State) -> None:
    settings = state.settings
    keeps_past = settings.delays.export > 0
    state.workspace = Workspace(settings.blocklist, keeps_past)
    state.catalogs, state.cohorts = {}, {}
    state.collected = Collected()
    state.later, state.flights, state.meters = Later(), Flights(), Meters()
    state.windows = rates.windows(settings.rate_limit, settings.limits)
    state.waits = {name: Wait() for name in state.windows}
    state.requests = []
    state.bodies = deque(maxlen=settings.kept_bodies)
