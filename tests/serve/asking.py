"""Asks the API without a socket, as granian's RSGI scope would."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from runner.serve.api import Api, Told
from runner.serve.door import Strangers
from runner.serve.reply import Reply
from runner.store import Held, open_store

from .stores import Stored

RECORD = "/v1/collections/{}/records/{}/{}"


@dataclass(frozen=True)
class Sent:
    """Headers by lower-case name; a name may come twice."""

    pairs: Sequence[tuple[str, str]] = ()

    def get(self, key: str, default: str | None = None) -> str | None:
        return next((value for name, value in self.pairs if name == key), default)

    def get_all(self, key: str) -> list[str]:
        return [value for name, value in self.pairs if name == key]


@dataclass(frozen=True)
class Asked:
    """A request, its path decoded."""

    path: str
    headers: Sent = field(default_factory=Sent)
    method: str = "GET"
    query_string: str = ""


def _metrics(held: Mapping[str, Held], collections: Collection[str]) -> bytes:
    return f"{' '.join(sorted(collections))} of {len(held)}".encode()


class Asking:
    """An API over a store, and what it complained of."""

    def __init__(
        self,
        stored: Stored,
        *,
        strangers: float = 1e6,
        max_age: timedelta | None = None,
    ) -> None:
        self.stored = stored
        self.store = open_store(str(stored.path))
        self.complaints: list[str] = []
        told = Told(_metrics, self.complaints.append, max_age)
        crowd = Strangers(a_second=0, at_once=strangers)
        self.reader = self.store.reader()
        self.api = Api(self.reader, self.store.keys.find, told, crowd)

    def ask(
        self, path: str, key: str | None = None, *, method: str = "GET", **headers: str
    ) -> Reply:
        """Ask for a path with a key of that name."""
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if key:
            pairs.append(("authorization", f"Bearer {self.stored.keys[key]}"))
        path, _, query = path.partition("?")
        return self.send(Asked(path, Sent(pairs), method, query))

    def send(self, asked: Asked) -> Reply:
        """Answer a request as it is."""
        return asyncio.run(self.api.answer(asked))

    def record(
        self, collection: str, index: str, value: str, key: str = "both", **more: str
    ) -> Reply:
        """Ask for a record."""
        return self.ask(RECORD.format(collection, index, value), key, **more)

    def close(self) -> None:
        asyncio.run(self.reader.close())
        self.store.close()
