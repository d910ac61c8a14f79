"""Hides personal data in whatever a person or a log may read. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

MASK = "***"

# No longer than an address may be: else a long text without one takes for ever.
_ADDRESS = re.compile(r"[^\s\"'@\[:]{1,64}@[^\s\"'@\],]{1,255}|\+\d{7,15}")

PROFILE_PII = frozenset(
    {
        "email",
        "emails",
        "phone",
        "phones",
        "first_name",
        "last_name",
        "dob",
        "home_city",
        "current_location",
    }
)
"""Braze's own fields that tell who somebody is; masked whether declared or not."""

_SAMPLE_WIDTH = 160
_KEY_WIDTH = 60
_LOOKED_AT = 20_000
"""Characters of a text that are looked at: far more than are ever shown."""


def masked_payload(payload: str, pii: frozenset[str]) -> str:
    """A payload that may be shown: PII hidden, too long a text cut."""
    try:
        content = json.loads(payload)
    except ValueError:
        content = None
    if isinstance(content, str):
        # A bare id; but an id may be an address.
        return MASK if "@" in content or content.startswith("+") else payload
    if not isinstance(content, dict):
        return "(not JSON)"
    if isinstance(content.get("record"), dict) and "indexes" in content:
        # What a record is found by has no name of its own to be masked by.
        content = content["record"]
    shown = _masked(content, PROFILE_PII | pii)
    # An id or an alias may be an address, too.
    text = json.dumps(shown, ensure_ascii=False)[:_LOOKED_AT]
    text = without_addresses(text)
    return text if len(text) <= _SAMPLE_WIDTH else text[: _SAMPLE_WIDTH - 3] + "..."


def _masked(content: Any, hidden: frozenset[str]) -> Any:
    """The same without what tells who somebody is, however deep it stands."""
    if isinstance(content, list):
        return [_masked(item, hidden) for item in content]
    if not isinstance(content, dict):
        return content
    return {
        name: MASK if name in hidden and value is not None else _masked(value, hidden)
        for name, value in content.items()
    }


def shown_key(key: str, payload: str) -> str:
    """A row key that may be shown, on one line: no address, no phone number.

    The identifier is the payload's first member, so its name says what the key is.
    """
    if payload.startswith(('{"email":', '{"phone":')) or "@" in key:
        return MASK
    text = "".join(char if char.isprintable() else "?" for char in key[:_LOOKED_AT])
    # A key of several parts may hold an address, too: '["ada@example.com","news"]'.
    text = without_addresses(text)
    return text if len(text) <= _KEY_WIDTH else text[: _KEY_WIDTH - 3] + "..."


def without_addresses(text: str) -> str:
    """The text with every e-mail address and phone number in it masked."""
    return _ADDRESS.sub(MASK, text)
