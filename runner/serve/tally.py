"""Counts what a server process answers, and adds up what all of them did.

Counting is a dict and a list for each answer, in memory. Once a second a process
leaves its counts in a file of its own; whoever is asked for metrics adds the files up.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .reply import Place, Reply

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0)
"""Upper bounds of the latency buckets, in seconds; Braze waits for two."""

_COUNT, _BYTES, _SECONDS, _BUCKETS = 0, 1, 2, 3


@dataclass(slots=True)
class Series:
    """The answers of one place with one status."""

    route: str
    collection: str
    index: str
    status: int
    count: int = 0
    bytes: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """Answers within each bound and above the one before; the last has no bound."""

    @property
    def labels(self) -> tuple[str, str, str, int]:
        """What names the series."""
        return self.route, self.collection, self.index, self.status

    def add(self, other: Series) -> None:
        """Add what another process counted of the same."""
        self.count += other.count
        self.bytes += other.bytes
        self.seconds += other.seconds
        self.buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]


@dataclass(slots=True)
class Counts:
    """Everything that is counted."""

    series: dict[tuple[str, str, str, int], Series] = field(default_factory=dict)
    strangers: dict[int, int] = field(default_factory=dict)
    """Status -> answers to requests without a good key, health checks left out."""
    lines_dropped: int = 0
    """Lines of the access log that nobody took."""

    def add(self, other: Counts) -> None:
        """Add what another process counted."""
        for labels, series in other.series.items():
            if labels in self.series:
                self.series[labels].add(series)
            else:
                self.series[labels] = series
        for status, count in other.strangers.items():
            self.strangers[status] = self.strangers.get(status, 0) + count
        self.lines_dropped += other.lines_dropped

    def only(self, collections: Collection[str]) -> Counts:
        """What was counted of these collections, and of none."""
        told = {"", *collections}
        series = {
            labels: each
            for labels, each in self.series.items()
            if each.collection in told
        }
        return Counts(series, self.strangers, self.lines_dropped)


class Tally:
    """Counts one process's answers; `folder` is shared with the others."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._series: dict[tuple[Place, int], list[Any]] = {}
        self._strangers: dict[int, int] = {}
        self.lines_dropped = 0

    def add(self, reply: Reply, size: int, seconds: float) -> None:
        """Count a reply of so many bytes that took so long."""
        labels = (reply.place, reply.status)
        series = self._series.get(labels)
        if series is None:
            series = [0, 0, 0.0, *([0] * (len(BOUNDS) + 1))]
            self._series[labels] = series
        series[_COUNT] += 1
        series[_BYTES] += size
        series[_SECONDS] += seconds
        series[_BUCKETS + bisect_left(BOUNDS, seconds)] += 1
        if reply.status in {401, 429}:
            self._strangers[reply.status] = self._strangers.get(reply.status, 0) + 1

    def keep(self) -> None:
        """Leave the counts where the other processes find them."""
        found = {
            "series": [
                [place.route, place.collection, place.index, status, *counted]
                for (place, status), counted in self._series.items()
            ],
            "strangers": list(self._strangers.items()),
            "lines_dropped": self.lines_dropped,
        }
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(found), encoding="utf-8")
        written.replace(self._file)


def total(folder: Path) -> Counts:
    """Add up what all processes have left, those that are gone too."""
    counts = Counts()
    for each in _files(folder):
        counts.add(each)
    return counts


def _files(folder: Path) -> Iterator[Counts]:
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        counts = Counts(lines_dropped=found["lines_dropped"])
        counts.strangers = dict(found["strangers"])
        for row in found["series"]:
            route, collection, index, status, count, size, seconds, *buckets = row
            series = Series(
                route, collection, index, status, count, size, seconds, buckets
            )
            # A process that opened another store has two places of one name.
            counts.add(Counts({series.labels: series}))
        yield counts
