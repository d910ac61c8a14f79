"""The store: what the personalization API answers from, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from .access import AccessKey, new_key, opens
from .definition import Definition, Held, Index, Version
from .errors import StoreError, StoreMissing, StoreUnknown
from .interface import Answer, Filling, KeyRing, Reader, Store
from .state import ANY, After

__all__ = [
    "ANY",
    "AccessKey",
    "After",
    "Answer",
    "Definition",
    "Filling",
    "Held",
    "Index",
    "KeyRing",
    "Reader",
    "Store",
    "StoreError",
    "StoreMissing",
    "StoreUnknown",
    "Version",
    "new_key",
    "open_store",
    "opens",
]

_SCHEMES = ("redis://", "rediss://", "unix://")
_ANY_SCHEME = re.compile(r"\s*([a-z][a-z\d+.-]*://)", re.IGNORECASE)
_HALF_SCHEME = re.compile(r"\s*(rediss?|unix)(?::|//)", re.IGNORECASE)
"""What nobody means to be a folder; it may be followed by a password."""


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the store in a folder, or at a `redis://`, `rediss://` or `unix://` URL.

    Raises StoreMissing when there is none and `create` does not ask for one,
    StoreUnknown when none can be there, StoreError when it is damaged, of another
    program or out of reach.
    """
    if not url:
        msg = (
            "No store is named. Set PERSONALIZATION_STORE to a folder or a redis:// "
            "URL."
        )
        raise StoreUnknown(msg)
    if not url.startswith(_SCHEMES):
        _refuse_urls(url)
    try:
        if url.startswith(_SCHEMES):
            from .redis_store import RedisStore  # noqa: PLC0415 (an extra, and slow)

            return RedisStore(url, create=create)
        from .lmdb_store import LmdbStore  # noqa: PLC0415 (an extra)
    except ImportError as error:
        msg = (
            f"The store needs a package that is not installed ({error.name}). "
            "Install braze-bridge[personalization]."
        )
        raise StoreUnknown(msg) from None
    return LmdbStore(Path(url), create=create)


def _refuse_urls(place: str) -> None:
    """Raise StoreUnknown for what is no folder; says no more of it than its scheme."""
    found = _ANY_SCHEME.match(place) or _HALF_SCHEME.match(place)
    if found or "://" in place:
        msg = (
            f"{found[1] if found else 'PERSONALIZATION_STORE'}: no store is kept there."
            " Give a folder, or a redis://, rediss:// or unix:// URL."
        )
        raise StoreUnknown(msg)
