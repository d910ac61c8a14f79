"""What goes into a push and what comes out of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import RunnerError
from .ledger import Counts
from .operations import Credentials


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the requests go, and what opens it."""

    endpoint: str
    credentials: Credentials = field(repr=False)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of one sync's rows; `pending` ones go with the next push."""

    sync: str
    planned: int
    counts: Counts
    requests: int
    seconds: float

    @property
    def pending(self) -> int:
        """Planned rows that are in no other class."""
        counts = self.counts
        return self.planned - counts.accepted - counts.rejected - counts.unknown


@dataclass(frozen=True, slots=True)
class PushResult:
    """A whole push; `failure` says why it is not clean, if it is not."""

    run_id: str
    plan_id: str
    syncs: tuple[SyncResult, ...]
    failure: RunnerError | None = None
    signal: int | None = None
