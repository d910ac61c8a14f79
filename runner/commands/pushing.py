"""A push as the commands make it: which syncs wait, who sends, what it ends in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ..built import built_at
from ..destinations import Destinations
from ..errors import REJECTED_EXIT_CODE, GuardError
from ..manifest import Sync
from ..plan import Plan, SyncPlan
from ..push import Push
from ..result import PushResult
from ..settings import is_for_us_alone
from ..starting import Start, Wish
from ..tested import held_by_tests
from .options import Workplace, say


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a push came to, and which syncs it left alone."""

    push: PushResult | None
    """None when every sync is held back."""
    held: Mapping[str, tuple[str, ...]]
    """Sync -> why dbt's tests hold it back."""

    @property
    def exit_code(self) -> int:
        """A sync that is held back is a guard's refusal, if nothing worse happened."""
        code = exit_code(self.push) if self.push else 0
        return code or (GuardError.exit_code if self.held else 0)


def deliver(
    place: Workplace,
    syncs: Sequence[Sync],
    *,
    to: Destinations,
    confirm: Callable[[Plan], bool] | None = None,
    wish: Wish = Wish(),  # noqa: B008 - a value, never changed
) -> Delivered:
    """Push the syncs that no failed test holds back; say which ones wait, and why."""
    found = held_by_tests(place.project)
    held = {sync.name: found[sync.name] for sync in syncs if sync.name in found}
    for name, reasons in held.items():
        say(f"{name}: held back: {'; '.join(reasons)}")
    free = [sync for sync in syncs if sync.name not in held]
    if not free:
        return Delivered(None, held)
    result = Push(
        warehouse=place.warehouse,
        start=Start(
            place.manifest,
            place.limits,
            to,
            place.recovery,
            say,
            _revision(place.project.directory),
        ),
        confirm=confirm,
        progress=Progress(),
        built_at=lambda sync: built_at(place.project, sync),
    ).run(free, wish)
    return Delivered(result, held)


def exit_code(result: PushResult) -> int:
    """The exit code that the result deserves."""
    if result.signal:
        return 128 + result.signal
    if result.failure:
        return result.failure.exit_code
    if any(each.counts.rejected or each.counts.unknown for each in result.syncs):
        return REJECTED_EXIT_CODE
    return 0


def _revision(directory: Path) -> str:
    """The git revision of the project, or nothing where there is none."""
    try:
        found = subprocess.run(
            ["git", "-C", str(directory), "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            # git has no business with anybody's key.
            env={k: v for k, v in os.environ.items() if not is_for_us_alone(k)},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


class Progress:
    """One line on stderr that keeps itself current; a line now and then into a pipe."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._every = 0.2 if self._live else 10.0

    def __call__(
        self, plan: SyncPlan, accepted: int, rejected: int, seconds: float
    ) -> None:
        now = time.monotonic()
        settled = accepted + rejected
        if seconds < 2 or now - self._last < self._every:
            return
        self._last = now
        share = settled / max(plan.sendable, 1)
        text = (
            f"{plan.sync.name}: {settled:,} of {plan.sendable:,} rows ({share:.0%}), "
            f"{settled / seconds:,.0f} rows/s"
        )
        if rejected:
            text += f", {rejected:,} rejected"
        if self._live:
            ending = "\n" if settled >= plan.sendable else ""
            click.echo(f"\r\x1b[K{text}{ending}", err=True, nl=False)
        else:
            click.echo(text, err=True)
