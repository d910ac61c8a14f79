"""The store: what the personalization API answers from, and nothing else."""

from __future__ import annotations

from pathlib import Path

from .access import AccessKey, new_key, opens
from .definition import Definition, Held, Index, Version
from .errors import StoreError, StoreMissing
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
    "Version",
    "new_key",
    "open_store",
    "opens",
]

_SCHEMES = ("redis://", "rediss://", "unix://")


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the store in a folder, or at a `redis://`, `rediss://` or `unix://` URL.

    Raises StoreMissing when there is none and `create` does not ask for one, StoreError
    when it is damaged, another program's or out of reach.
    """
    if not url:
        msg = (
            "No store is named. Set PERSONALIZATION_STORE to a folder or a redis:// "
            "URL."
        )
        raise StoreMissing(msg)
    if "://" in url and not url.startswith(_SCHEMES):
        msg = (
            f"{url.partition('://')[0]}://: no store is kept there. Give a folder, or "
            "a redis://, rediss:// or unix:// URL."
        )
        raise StoreMissing(msg)
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
        raise StoreMissing(msg) from None
    return LmdbStore(Path(url), create=create)
