"""Which file holds which events of which hour, read from its path.

.../event_type=<type>/date=<YYYY-MM-DD-HH>/<schema-id>/<zone>/<name>.avro, at any depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .event_types import MANIFEST_TABLE, table_name

LAYOUT = "event_type=.../date=YYYY-MM-DD-HH/<schema-id>/<zone>/*.avro"

_PATH = re.compile(
    r"(?:^|/)event_type=(?P<type>[A-Za-z][A-Za-z0-9_.]{0,150})"
    r"/date=(?P<hour>\d{4}-\d\d-\d\d-\d\d)/(?:[^/]+/)*[^/]+\.avro$"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as its place lists it."""

    path: str
    """Absolute, or s3://bucket/key."""
    size: int
    etag: str
    """Changes when the content does: S3's ETag, or when a local file was written."""


FIRST_YEAR, LAST_YEAR = 2011, 2100
"""Braze is no older; an hour that nobody lives in would make the gaps endless."""


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file in the layout."""

    path: str
    size: int
    etag: str
    event_type: str
    hour: datetime
    """UTC, without a zone: the hour in which Braze queued the events."""

    @property
    def table(self) -> str:
        """The table of its events."""
        return table_name(self.event_type)


def sort_out(found: Iterable[Listed]) -> tuple[list[EventFile], list[str]]:
    """Return the files in the layout, by type and hour, and the paths of all others."""
    files, others = [], []
    for each in found:
        file = _event_file(each)
        if file:
            files.append(file)
        else:
            others.append(each.path)
    # Types together: a batch of one type looks through its table once.
    files.sort(key=lambda file: (file.table, file.hour, file.path))
    return files, sorted(others)


def _event_file(found: Listed) -> EventFile | None:
    match = _PATH.search(found.path)
    if not match or table_name(match["type"]) == MANIFEST_TABLE:
        return None
    try:
        hour = datetime.strptime(match["hour"], "%Y-%m-%d-%H")  # noqa: DTZ007 - UTC without a zone, as DuckDB has it
    except ValueError:
        return None
    if not FIRST_YEAR <= hour.year <= LAST_YEAR:
        return None
    return EventFile(found.path, found.size, found.etag, match["type"], hour)
