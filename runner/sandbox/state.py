"""Owns everything one running sandbox remembers, and the lock around it.

Must not answer requests; its functions take the lock, so callers must not hold it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from . import faults, strict_json, workspace
from .faults import Faults
from .meters import Meters, RateWindow, Received, Wait
from .track import Limit
from .wire import Request
from .workspace import Workspace

Dialect = Literal["epoch", "seconds"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sandbox is started with; limits differ by contract."""

    api_key: str = "sandbox-key"
    permissions: frozenset[str] | None = None
    objects_per_request: Limit = 75
    rate_limit: tuple[int, float] | None = None
    dialect: Dialect = "epoch"
    max_body_bytes: int = 4 * 2**20
    blocklist: frozenset[str] = frozenset()
    kept_bodies: int = 1000
    clock: Callable[[], float] = time.time


@dataclass(slots=True)
class State:
    """What has happened since the start or the last reset."""

    settings: Settings
    faults: Faults
    lock: threading.Lock = field(default_factory=threading.Lock)
    workspace: Workspace = field(init=False)
    meters: Meters = field(init=False)
    window: RateWindow = field(init=False)
    wait: Wait = field(init=False)
    requests: list[Received] = field(init=False)
    bodies: deque[bytes] = field(init=False)

    def __post_init__(self) -> None:
        _clear(self)


def begin(state: State, request: Request) -> Received:
    """Note that a request has arrived."""
    with state.lock:
        state.meters.requests += 1
        received = Received(
            number=state.meters.requests,
            path=request.path,
            received_at=request.received_at,
            at=state.settings.clock(),
            bytes=request.bytes,
            early=state.wait.is_early(request.received_at),
        )
        state.meters.early += received.early
        state.requests.append(received)
        if request.body:
            state.bodies.append(request.body)
    return received


def tell_wait(state: State, *, seconds: float) -> None:
    """Note that a caller is being told to wait; the lock must be held."""
    state.meters.rate_limited += 1
    state.wait.tell(now=time.monotonic(), seconds=seconds)


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
    with state.lock:
        return workspace.views(state.workspace)


def all_requests(state: State) -> list[dict[str, Any]]:
    """Copy the record of every request, oldest first."""
    with state.lock:
        return [received.as_dict() for received in state.requests]


def all_meters(state: State) -> dict[str, int]:
    """Copy the sums."""
    with state.lock:
        profiles = len(state.workspace.by_braze_id)
        return {**asdict(state.meters), "profiles": profiles}


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


def _clear(state: State) -> None:
    limit, seconds = state.settings.rate_limit or (None, None)
    state.workspace = Workspace(blocklist=state.settings.blocklist)
    state.meters = Meters()
    state.window = RateWindow(limit) if seconds is None else RateWindow(limit, seconds)
    state.wait = Wait()
    state.requests = []
    state.bodies = deque(maxlen=state.settings.kept_bodies)
