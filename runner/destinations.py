"""Where each destination's rows go: of those that the chosen syncs need.

Braze, Movable Ink and the store of collections are named and opened by the environment.
What a sync needs and nobody has set is one error before anything is planned.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .endpoint import rest_endpoint
from .errors import ConfigError
from .manifest import Sync
from .movable_ink import destination as movable_ink
from .operations import Credentials
from .result import Destination
from .settings import read_secret, read_setting

if TYPE_CHECKING:
    from .store import Held, Store

STORE = "PERSONALIZATION_STORE"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Braze, Movable Ink and the store; a command has those that its syncs need."""

    _braze: Destination | None = None
    _movable_ink: Destination | None = None
    _store: Store | None = None

    @property
    def braze(self) -> Destination:
        """Braze, where a sync needs it."""
        assert self._braze is not None  # noqa: S101 - `destinations` looked at every sync
        return self._braze

    @property
    def store(self) -> Store:
        """The store of collections, where a sync needs it."""
        assert self._store is not None  # noqa: S101 - `destinations` looked at every sync
        return self._store

    def of(self, sync: Sync) -> Destination:
        """Where the requests of a sync go, and what opens it."""
        if sync.is_to_braze:
            return self.braze
        assert self._movable_ink is not None  # noqa: S101 - as above
        return self._movable_ink

    def endpoint_of(self, sync: Sync) -> str:
        """Where the rows of a sync go, as a person may read it."""
        if sync.is_collection:
            return self.store.url
        if sync.is_to_braze:
            return self.braze.endpoint
        return movable_ink.shown(self.of(sync))

    def held(self) -> Mapping[str, Held] | None:
        """What the store has of each collection; None where there is no store."""
        return self._store.held() if self._store else None

    def __str__(self) -> str:
        """All of them, for a question to a person."""
        names = [self._braze.endpoint] if self._braze else []
        names += [self._movable_ink.endpoint] if self._movable_ink else []
        names += [self._store.url] if self._store else []
        return " and ".join(names)


@contextmanager
def destinations(syncs: Iterable[Sync]) -> Iterator[Destinations]:
    """Open what these syncs need.

    Raises ConfigError for what is not set or cannot be read; nothing is sent.
    """
    chosen = list(syncs)
    collections = [sync.name for sync in chosen if sync.is_collection]
    to_braze = [sync for sync in chosen if sync.is_to_braze]
    to = with_partner(braze(), to_braze) if to_braze else None
    others = [sync for sync in chosen if sync.destination == "movable_ink"]
    ink = movable_ink.from_environment(others[0].name) if others else None
    store = open_collections(collections[0]) if collections else None
    try:
        yield Destinations(to, ink, store)
    finally:
        if store:
            store.close()


def check_destinations(syncs: Iterable[Sync]) -> None:
    """Raise ConfigError where something these syncs need is missing.

    Of no syncs, since nothing is built yet, that is whatever nobody has set.
    """
    chosen = list(syncs)
    if not chosen and not read_setting(STORE) and not read_setting(movable_ink.URL):
        braze()
    with destinations(chosen):
        pass


def held_collections(syncs: Iterable[Sync]) -> Mapping[str, Held] | None:
    """What the store has, to plan by; None where none is set: the ledger is believed.

    A store that is not there yet has nothing.
    """
    collections = [sync.name for sync in syncs if sync.is_collection]
    if not collections or not read_setting(STORE):
        return None
    from .store.errors import StoreMissing  # noqa: PLC0415 - an extra, for who serves

    try:
        store = open_collections(collections[0], create=False)
    except StoreMissing:
        return {}
    try:
        return store.held()
    finally:
        store.close()


def braze() -> Destination:
    """Read Braze's endpoint and key from the environment, or say what is missing."""
    value = os.environ.get("BRAZE_REST_ENDPOINT", "")
    if not value.strip():
        msg = (
            "BRAZE_REST_ENDPOINT is not set. Set it to your instance, such as US-03, "
            "or try a Braze on this machine: runner sandbox"
        )
        raise ConfigError(msg)
    credentials = Credentials(read_secret("BRAZE_API_KEY"))
    return Destination(rest_endpoint(value), credentials)


def with_partner(to: Destination, syncs: Iterable[Sync]) -> Destination:
    """Add what a partner has, where a sync needs it: cohorts are for partners only."""
    names = [sync.name for sync in syncs if sync.object == "cohort"]
    if not names:
        return to
    partner = os.environ.get("BRAZE_PARTNER", "").strip()
    if not partner:
        msg = (
            f"{', '.join(names)}: BRAZE_PARTNER is not set. Cohorts need a partner's "
            "name and keys; docs/audiences.md has the ways that do not."
        )
        raise ConfigError(msg)
    credentials = replace(
        to.credentials,
        partner=partner,
        partner_key=read_secret("BRAZE_PARTNER_API_KEY"),
        import_key=read_secret("BRAZE_DATA_IMPORT_KEY"),
    )
    return replace(to, credentials=credentials)


def store_not_set(needed_by: str) -> ConfigError:
    """What to say where a collection has nowhere to go."""
    return ConfigError(
        f"{needed_by}: {STORE} is not set. Set it to a folder, such as "
        "./personalization, or to redis://host:6379/0."
    )


def open_collections(needed_by: str, *, create: bool = True) -> Store:
    """Open the store that PERSONALIZATION_STORE names."""
    url = read_setting(STORE)
    if not url:
        raise store_not_set(needed_by)
    try:
        from .store import open_store  # noqa: PLC0415 - an extra, for who serves
    except ModuleNotFoundError as error:
        msg = (
            f"{needed_by}: collections need {error.name}. "
            "Run: pip install 'braze-bridge[personalization]'"
        )
        raise ConfigError(msg) from None
    return open_store(url, create=create)
