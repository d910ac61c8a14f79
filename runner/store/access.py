"""Keys of callers: who may read which collections, and which of their fields.

A key's text is shown once and never stored: the store holds its SHA-256, which is
enough for a secret of 256 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from .errors import StoreError

_PREFIX = "bzs"
_ID_LENGTH = 10
_LETTERS = string.ascii_lowercase + string.digits
_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What a caller's key may read; `id` may be logged, the text may not."""

    id: str
    name: str
    sha256: str
    """Hexadecimal, of the whole text of the key."""
    collections: tuple[str, ...]
    created_at: datetime
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Collection -> the only fields of it that may be seen; absent: all of them."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def revoked(self, at: datetime) -> AccessKey:
        """The same key, good no more."""
        return self if self.revoked_at else replace(self, revoked_at=at)

    def is_live(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (
            self.expires_at is None or now < self.expires_at
        )

    def text(self) -> str:
        """JSON text that `read_key` reads back."""
        return json.dumps(
            {
                "id": self.id,
                "name": self.name,
                "sha256": self.sha256,
                "collections": self.collections,
                "fields": self.fields,
                "created_at": self.created_at.isoformat(),
                "expires_at": self.expires_at and self.expires_at.isoformat(),
                "revoked_at": self.revoked_at and self.revoked_at.isoformat(),
            }
        )


def new_key(
    *,
    name: str,
    collections: tuple[str, ...],
    created_at: datetime,
    fields: Mapping[str, tuple[str, ...]] | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, AccessKey]:
    """Make a key of 256 random bits; returns its text, to be shown once, and the key.

    The text is `bzs_<id>_<43 characters>`; times are with their zone.
    """
    key_id = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH))
    text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    key = AccessKey(
        id=key_id,
        name=name,
        sha256=_sha256(text),
        collections=collections,
        created_at=created_at,
        fields=dict(fields or {}),
        expires_at=expires_at,
    )
    return text, key


def key_id(text: str) -> str | None:
    """The id within a key's text; None where the text has no key's form."""
    parts = text.split("_", 2)
    is_key = len(parts) == 3 and parts[0] == _PREFIX and len(parts[1]) == _ID_LENGTH
    return parts[1] if is_key else None


def opens(key: AccessKey | None, text: str, now: datetime) -> bool:
    """Whether the text is that key's and the key is live.

    An unknown key (None) takes as long as a known one, so that ids cannot be guessed.
    """
    digest = _sha256(text)
    if key is None:
        hmac.compare_digest(digest, _NOBODY)
        return False
    return hmac.compare_digest(digest, key.sha256) and key.is_live(now)


def read_key(text: str | bytes) -> AccessKey:
    """Read what `AccessKey.text` wrote; raises StoreError for anything else."""
    try:
        found = json.loads(text)
        return AccessKey(
            id=found["id"],
            name=found["name"],
            sha256=found["sha256"],
            collections=tuple(found["collections"]),
            created_at=datetime.fromisoformat(found["created_at"]),
            fields={name: tuple(each) for name, each in found["fields"].items()},
            expires_at=_time(found["expires_at"]),
            revoked_at=_time(found["revoked_at"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        msg = "A key in the store cannot be read. Create the keys anew."
        raise StoreError(msg) from None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
