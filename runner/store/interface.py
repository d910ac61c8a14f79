"""What every store can do, whatever it is kept in; the same tests run over each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from .access import AccessKey
from .definition import Definition, Held, Version
from .state import ANY, After

Row = tuple[str, str, str]
"""A record's key, its payload as JSON text, and the hash of its row."""


@dataclass(slots=True)
class Answer:
    """What a reader found.

    record: the record, or `{"records":[...]}` from a list index, perhaps an empty one;
    default: the collection's record for a miss; missing: no such record;
    gone: there was one, and it left a tombstone; unknown: no such collection or index.
    Nobody changes one; it is not frozen because that takes a microsecond a request.
    """

    kind: Literal["record", "default", "missing", "gone", "unknown"]
    body: bytes
    """A JSON object; empty when there is none."""
    etag: str
    """Strong and with its quotes, as the header wants it; empty when no body is."""
    version: Version | None
    cache_seconds: int


UNKNOWN = Answer("unknown", b"", "", None, 0)


class Filling(Protocol):
    """One push of one collection; nothing of it is seen before `commit`.

    To be used by the thread that began it.
    """

    def put(self, rows: Sequence[Row]) -> None:
        """Put records and tombstones; quickest when sorted by key, all of them."""

    def remove(self, keys: Sequence[str]) -> None:
        """Forget records; keys that are not there are no error."""

    def commit(self) -> Version:
        """Show everything at once. The filling is over."""


class Reader(Protocol):
    """Finds records; one for each server process."""

    async def find(self, collection: str, index: str, value: str) -> Answer:
        """Find by the key or a further index; all of one version.

        Raises StoreError when the store is damaged or out of reach.
        """

    async def held(self) -> dict[str, Held]:
        """What is held now, by collection."""

    async def warm(self) -> None:
        """Bring the store into memory, so that the first callers need not wait."""

    async def close(self) -> None:
        """Give up what the reader holds open."""


class KeyRing(Protocol):
    """The keys of callers; changes are seen by servers within five seconds."""

    def add(self, key: AccessKey) -> None:
        """Keep a key."""

    def all(self) -> list[AccessKey]:
        """All keys, revoked and expired ones too, oldest first."""

    def revoke(self, key_id: str) -> bool:
        """Make a key good no more; False when there is none of that id."""

    async def find(self, key_id: str) -> AccessKey | None:
        """The key of that id, for a server."""


class Store(Protocol):
    """All collections of a server, and its callers' keys."""

    url: str
    """Where it is, for people to read; holds no password."""

    @property
    def keys(self) -> KeyRing:
        """The keys of callers."""

    def reader(self) -> Reader:
        """A reader of its own."""

    def held(self) -> dict[str, Held]:
        """What is held now, by collection."""

    def fill(
        self,
        definition: Definition,
        *,
        run_id: str,
        built_at: datetime,
        anew: bool,
        after: After = ANY,
    ) -> AbstractContextManager[Filling]:
        """Begin a push: `anew` beside what is there, else on top of it.

        Leaving without a commit undoes everything. A push that is `anew` gives the
        version before up at once, any other one with its commit.

        `after` is the run whose version the plan of the push saw, None where it saw no
        such collection: raises StoreError, and writes nothing, when that is not what
        is there now. Without it nothing is checked, and a collection that is not held
        is always loaded anew.
        """

    def confirm(self, collection: str, *, built_at: datetime) -> None:
        """Say that what is held is as fresh as this: nothing has changed since."""

    def rows(self, collection: str) -> Iterator[tuple[str, str]]:
        """Key and payload of every record and tombstone, as they were put.

        Redis may give a record twice. No push of the collection may run meanwhile.
        """

    def roll_back(self, collection: str) -> Version:
        """Show the version before again; raises StoreError when none is kept."""

    def give_up_before(self, collection: str) -> None:
        """Forget the version before for good; no error where none is kept."""

    def erase(self, collection: str, keys: Iterable[str]) -> int:
        """Remove records for good, from the version before too; how many there were."""

    def drop(self, collection: str) -> None:
        """Forget a collection; one that is not held is no error."""

    def close(self) -> None:
        """Give up what the store holds open; readers are closed on their own."""
