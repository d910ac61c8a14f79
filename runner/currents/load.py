"""Loads what a place holds and the warehouse does not know yet."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ..errors import ConfigError
from ..interrupts import Interrupts
from ..warehouse.duckdb_file import DuckDBFile
from .event_types import KNOWN
from .layout import LAYOUT, EventFile, sort_out
from .manifest import STATUS, TRIED_AGAIN
from .readers import Place, Readers, ReadFile
from .tables import Spoilt, Tables

BATCH_BYTES = 96_000_000
"""Of text: some 200,000 events, which DuckDB takes in a second or two."""
BATCH_FILES = 1_000
BATCH_SECONDS = 30.0

THREAD_MB = 192
"""For each thread of DuckDB's, where the profile sets no limit: else the ids of a table
that is looked through stay in memory, and a load takes the more the larger it is."""
_MEMORY = {"memory_limit", "max_memory"}

Progress = Callable[[int, int, int, float], None]
"""Told of the files looked at so far, all files, events so far, and seconds."""


@dataclass(slots=True)
class Loaded:
    """What a load came to."""

    listed: int = 0
    """Files in the layout."""
    known: int = 0
    """Of those, not looked at again: loaded or quarantined before."""
    others: list[str] = field(default_factory=list)
    """Avro files outside the layout."""
    files: int = 0
    events: int = 0
    new_events: int = 0
    quarantined: list[tuple[str, str]] = field(default_factory=list)
    """(path, reason)."""
    partial: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    set_aside: list[tuple[str, int]] = field(default_factory=list)
    """(path, events without an id)."""
    links: list[str] = field(default_factory=list)
    """Not followed."""
    future: dict[str, int] = field(default_factory=dict)
    """Event type -> new events that are dated in the future."""
    unknown_types: list[str] = field(default_factory=list)
    signal: int | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class Load:
    """One load of one place; `run` makes it."""

    place: Place
    warehouse: DuckDBFile
    schema: str
    folder: Path
    """Ours alone: it is emptied before and after."""
    processes: int
    interrupts: Interrupts
    progress: Progress
    _result: Loaded = field(default_factory=Loaded)
    _known: dict[str, tuple[int, str, str]] = field(default_factory=dict)

    def run(self, path: str) -> Loaded:
        """Load it; after an error or a signal, what was committed stays."""
        started = time.monotonic()
        files, self._result.others = sort_out(self.place.list())
        self._result.links = sorted(self.place.links)
        if not files:
            raise ConfigError(_nothing(path, self._result.others, self._result.links))
        with self._tables() as tables:
            tables.manifest.create()
            self._known = tables.manifest.known()
        new = [file for file in files if not self._is_settled(file)]
        self._result.listed = len(files)
        self._result.known = len(files) - len(new)
        kinds = {file.event_type for file in new}
        self._result.unknown_types = sorted(kinds - KNOWN)
        with _emptied(self.folder):
            self._read(new, started)
        self._result.signal = self.interrupts.signal
        self._result.seconds = time.monotonic() - started
        return self._result

    def _is_settled(self, file: EventFile) -> bool:
        size, etag, status = self._known.get(file.path, (-1, "", ""))
        return status not in TRIED_AGAIN and (size, etag) == (file.size, file.etag)

    def _read(self, files: Sequence[EventFile], started: float) -> None:
        if not files:
            return
        batch: list[ReadFile] = []
        since = time.monotonic()
        processes = min(self.processes, len(files))
        with Readers(self.place, self.folder, processes) as readers:
            try:
                for seen, each in enumerate(readers.read(self._wanted(files)), 1):
                    batch.append(each)
                    now = time.monotonic()
                    if _is_full(batch) or now - since > BATCH_SECONDS:
                        ready, batch, since = batch, [], now
                        self._commit(ready)
                    events = self._result.events + sum(each.rows for each in batch)
                    self.progress(seen, len(files), events, now - started)
            finally:
                # What was read before the place failed is none the worse for it.
                if batch:
                    self._commit(batch)

    def _wanted(self, files: Sequence[EventFile]) -> Iterator[EventFile]:
        for file in files:
            if self.interrupts.signal is not None:
                return
            yield file

    def _commit(self, batch: Sequence[ReadFile]) -> None:
        later = {
            "partial": self._result.partial,
            "unreadable": self._result.unreadable,
        }
        for each in batch:
            if each.outcome in later:
                later[each.outcome].append((each.file.path, each.reason or ""))
        changed = [each for each in batch if not self._is_noted(each)]
        if changed:
            with self._tables() as tables:
                self._commit_all(tables, changed)
        for each in batch:
            if each.outcome == "read":
                each.lines.unlink(missing_ok=True)

    def _is_noted(self, each: ReadFile) -> bool:
        """Whether the manifest says of it what it would say now: not read, and why."""
        noted = (each.file.size, each.file.etag, STATUS[each.outcome])
        return noted[2] in TRIED_AGAIN and self._known.get(each.file.path) == noted

    def _commit_all(self, tables: Tables, batch: Sequence[ReadFile]) -> None:
        """Commit a batch, or its halves, until the file that spoils it stands alone."""
        try:
            committed = tables.commit(batch, datetime.now(UTC).replace(tzinfo=None))
        except Spoilt as error:
            if len(batch) == 1:
                self._leave_out(tables, batch[0], error)
                return
            middle = len(batch) // 2
            self._commit_all(tables, batch[:middle])
            self._commit_all(tables, batch[middle:])
            return
        result = self._result
        for each in batch:
            if each.outcome == "read":
                result.files += 1
                result.events += each.rows
                result.new_events += committed.new.get(each.number, 0)
                if each.set_aside:
                    result.set_aside.append((each.file.path, each.set_aside))
            elif each.outcome == "refused":
                result.quarantined.append((each.file.path, each.reason or ""))
        for kind, count in committed.future.items():
            result.future[kind] = result.future.get(kind, 0) + count

    def _leave_out(self, tables: Tables, spoilt: ReadFile, error: Spoilt) -> None:
        """Note what came of a file that was read and cannot be loaded."""
        noted = replace(
            spoilt, outcome=error.outcome, reason=error.reason, rows=0, set_aside=0
        )
        if error.outcome == "unreadable":
            self._result.unreadable.append((spoilt.file.path, error.reason))
        self._commit_all(tables, [noted])

    @contextmanager
    def _tables(self) -> Iterator[Tables]:
        with self.warehouse.open() as session:
            connection = session.connection
            if not _MEMORY & {*self.warehouse.config, *self.warehouse.settings}:
                found = connection.execute("select current_setting('threads')")
                (threads,) = found.fetchone() or (1,)
                limit = THREAD_MB * max(threads, 2)
                connection.execute(f"set memory_limit = '{limit}MB'")
            yield Tables(connection, self.schema)


def _is_full(batch: Sequence[ReadFile]) -> bool:
    size = sum(each.size for each in batch)
    return size >= BATCH_BYTES or len(batch) >= BATCH_FILES


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """A folder for nobody else's eyes; what a killed load left in it goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        msg = f"{folder}: cannot be made: {error.strerror}."
        raise ConfigError(msg) from None
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _nothing(path: str, others: Sequence[str], links: Sequence[str]) -> str:
    lies = f"{path}: no Avro file lies in Currents' layout ({LAYOUT})"
    if others:
        return f"{lies}; {len(others):,} lie elsewhere, such as {others[0]}."
    if links:
        are = "1 link is" if len(links) == 1 else f"{len(links):,} links are"
        return f"{lies}; {are} not followed, such as {links[0]}."
    return f"{lies}, and none elsewhere either."
