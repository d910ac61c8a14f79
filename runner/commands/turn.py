"""One turn of `runner run`: build, then push what no failed test holds back."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .. import lease as leases
from ..dbt import dbt_build
from ..destinations import check_destinations, destinations
from ..errors import ConfigError, LeaseError, RunnerError
from ..ledger import Ledger
from ..manifest import Sync, load_manifest, select_syncs
from ..project import Project, Selection, load_project
from ..report import push_json
from ..result import PushResult
from ..runlock import run_lock
from ..settings import load_limits
from ..warehouse import open_warehouse
from .options import Workplace, say
from .pushing import deliver

NOT_BUILT, CLEAN, PARTLY, FAILED = "not begun", "clean", "some nodes failed", "failed"
"""What becomes of a build. After a part of it failed, the rest is pushed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every turn does."""

    selection: Selection
    select: tuple[str, ...]
    dbt_arguments: tuple[str, ...]


@dataclass(slots=True)
class Turned:
    """What became of a turn, filled in as it goes."""

    began: datetime
    build: str = NOT_BUILT
    push: PushResult | None = None
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problem: RunnerError | None = None
    exit_code: int = 0
    ended: datetime = field(init=False)

    def as_json(self, *, missed: int, following: datetime | None) -> str:
        """The turn as one line for a program."""
        return json.dumps(
            {
                "started_at": iso(self.began),
                "finished_at": iso(self.ended),
                "build": self.build,
                "push": json.loads(push_json(self.push)) if self.push else None,
                "held": {name: list(why) for name, why in self.held.items()},
                "problem": str(self.problem) if self.problem else None,
                "exit_code": self.exit_code,
                "missed": missed,
                "next_at": iso(following) if following else None,
            }
        )

    def as_line(self, following: datetime | None) -> str:
        """The turn as one line for a person or a journal."""
        seconds = (self.ended - self.began).total_seconds()
        parts = [f"{iso(self.began)} build {self.build}", self._pushed()]
        if self.held:
            parts.append(f"held back: {', '.join(self.held)}")
        parts.append(f"exit code {self.exit_code} after {seconds:.1f} s")
        if following:
            is_due = following <= self.ended
            parts.append(f"next turn {'now' if is_due else iso(following)}")
        return "; ".join(parts)

    def _pushed(self) -> str:
        """The rows of every sync, each in one class."""
        if not self.push:
            return "nothing pushed"
        sums = Counter[str]()
        for each in self.push.syncs:
            counts = each.counts
            sums["planned"] += each.planned
            sums["accepted"] += counts.accepted
            sums["rejected"] += counts.rejected
            sums["unknown"] += counts.unknown
            sums["pending"] += each.pending
        rows = ", ".join(f"{count:,} {name}" for name, count in sums.items())
        return f"push {self.push.run_id}: {rows}"


def take_turn(work: Work) -> Turned:
    """Build and push once; what went wrong on purpose is told and in the result."""
    turned = Turned(now())
    try:
        with ready(work) as project:
            _build(project, work, turned)
            place = Workplace(work.selection)
            syncs = place.syncs(work.select)
            with destinations(syncs) as to:
                delivered = deliver(place, syncs, to=to)
        turned.push, turned.held = delivered.push, delivered.held
        turned.problem = delivered.push.failure if delivered.push else None
        turned.exit_code = delivered.exit_code or int(turned.build == PARTLY)
    except RunnerError as error:
        turned.problem, turned.exit_code = error, error.exit_code
    if turned.problem:
        say(str(turned.problem))
    turned.ended = now()
    return turned


@contextmanager
def ready(work: Work) -> Iterator[Project]:
    """All that can be wrong before dbt is asked; meanwhile nobody else begins.

    Raises ConfigError, or LeaseError when another run or push is at work.
    """
    project = load_project(work.selection)
    limits = load_limits(project.runner_vars, os.environ)
    warehouse = open_warehouse(project, lock_wait=limits.lock_wait, tell=say)
    with run_lock(project.target_path):
        check_destinations(_known_syncs(project, work.select))
        try:
            tables = load_manifest(project).ledger
            with warehouse.open(read_only=True) as connection:
                holder = leases.holder(Ledger(connection, tables))
        except ConfigError:
            holder = None  # nothing is built yet: the build will say what is wrong
        if holder:
            msg = (
                f"Another push is at work: {holder} holds the lease. "
                "Wait for it to end."
            )
            raise LeaseError(msg)
        yield project


def _known_syncs(project: Project, select: tuple[str, ...]) -> Sequence[Sync]:
    """What the last build knew of the syncs; the one to come may know others."""
    try:
        return select_syncs(load_manifest(project), select)
    except ConfigError:
        return ()


def _build(project: Project, work: Work, turned: Turned) -> None:
    """Build; raise RunnerError unless dbt's results say which nodes are good."""
    step, code = dbt_build(project, work.dbt_arguments, to_stderr=True)
    turned.build = CLEAN if code == 0 else FAILED
    if code == 1 and step == "build" and _results_since(project, turned.began):
        turned.build = PARTLY
    if turned.build == FAILED:
        error = RunnerError(f"dbt {step} ended with exit code {code}; nothing is sent.")
        error.exit_code = 1 if code == 1 else ConfigError.exit_code
        raise error


def _results_since(project: Project, moment: datetime) -> bool:
    """Whether the results are this build's: older ones say nothing about it."""
    path = project.target_path / "run_results.json"
    return path.exists() and path.stat().st_mtime >= moment.timestamp()


def now() -> datetime:
    """This moment, in UTC whatever the machine's zone."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """A moment as a journal and a program read it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
