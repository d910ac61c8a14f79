"""What would be sent, counted and costed. Values only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field

from .manifest import Sync
from .operations import Operation
from .settings import Limits


@dataclass(frozen=True, slots=True)
class Guard:
    """A reason not to send. Those that can be meant can be approved."""

    sync: str
    text: str
    approvable: bool = True


@dataclass(frozen=True, slots=True)
class Stage:
    """The rows of one operation: a stretch of the outbox."""

    operation: Operation
    is_ordered: bool
    """Whether rows say whose they are, and what they are about."""
    first_seq: int
    last_seq: int
    sendable: int
    requests: int
    payload_bytes: int
    largest_payload: int

    @property
    def lanes(self) -> str:
        """The SQL of what tells a row's lane and scope, by which requests are cut."""
        if not self.is_ordered:
            return "null, null"
        lane = "scope" if self.operation.is_serial else "user_key"
        return f"{lane}, {'null' if self.operation.is_bare else 'scope'}"


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What one sync would send."""

    sync: Sync
    added: int
    changed: int
    removed: int
    refused: int
    """Rows that will not be sent because the wire has no form for them."""
    data_points: int
    checksum: str
    """Of all rows but adopted ones: who has to wait may depend on the approval."""
    stages: tuple[Stage, ...] = ()
    held: int = 0
    """Rows that wait for an earlier change of the same user to settle."""
    adopted: int = 0
    """Rows of history that the ledger takes without sending them."""
    reach: tuple[int, int] = (0, 0)
    """Rows sent by e-mail or phone, and the profiles that share those addresses."""
    columns: str = "{}"
    """The mart's columns and types, as a JSON object."""
    problem: str = ""
    """What is wrong with the first of the refused rows."""
    samples: tuple[tuple[str, str], ...] = ()
    """(change, payload) of the first rows."""
    guards: tuple[Guard, ...] = ()
    anew: bool = False
    """Whether a collection is written whole, beside what is served, and then shown."""
    found: str | None = None
    """The run that made the version of the collection that the store had."""
    said: tuple[str, ...] = ()
    """What is worth knowing and holds nothing back."""

    @property
    def planned(self) -> int:
        """Rows in the plan."""
        return self.added + self.changed + self.removed

    @property
    def sendable(self) -> int:
        """Rows that will be on the wire."""
        return self.planned - self.refused

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to deliver; a store is told that nothing changed."""
        return not self.planned and not self.sync.is_collection

    @property
    def requests(self) -> int:
        """Requests that carry them, if none has to be repeated."""
        return sum(stage.requests for stage in self.stages)

    def minutes(self, limits: Limits) -> float:
        """How long the requests take at the configured limits, at least."""
        seconds = 0.0
        for stage in self.stages:
            requests, window = limits.rate(stage.operation.pool)
            seconds += stage.requests / requests * window
        return seconds / 60


@dataclass(frozen=True, slots=True)
class Plan:
    """The plans of the chosen syncs under one id, which binds to their content."""

    syncs: tuple[SyncPlan, ...]
    plan_id: str = field(init=False)

    def __post_init__(self) -> None:
        content = [
            (plan.sync.name, plan.planned + plan.held, plan.checksum)
            for plan in self.syncs
        ]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        object.__setattr__(self, "plan_id", digest[:12])

    @property
    def guards(self) -> tuple[Guard, ...]:
        """Every reason not to send, over all syncs."""
        return tuple(guard for plan in self.syncs for guard in plan.guards)

    def held_back(self, *, approved: bool) -> Collection[str]:
        """The syncs that a guard holds back, with or without approval of the plan."""
        return {
            guard.sync for guard in self.guards if not (approved and guard.approvable)
        }
