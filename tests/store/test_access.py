"""Keys open what they are for, as long as they are good, and are never stored."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.store import StoreError, new_key, opens
from runner.store.access import key_id, read_key

NOW = datetime(2026, 5, 6, tzinfo=UTC)
TEXT, KEY = new_key(
    name="braze-prod",
    collections=("recommendations", "products"),
    created_at=NOW,
    fields={"products": ("id", "name")},
    expires_at=NOW + timedelta(days=90),
)


def test_a_key_is_256_random_bits_behind_its_id() -> None:
    assert re.fullmatch(rf"bzs_{KEY.id}_[A-Za-z0-9_-]{{43}}", TEXT)
    other, _ = new_key(name="braze-prod", collections=(), created_at=NOW)
    assert other[-43:] != TEXT[-43:]
    assert key_id(TEXT) == KEY.id


@pytest.mark.parametrize("text", ["", "bzs", "bzs_short_x", "sk_0123456789_x", "bzs_"])
def test_other_texts_have_no_id(text: str) -> None:
    assert key_id(text) is None


def test_what_is_stored_does_not_hold_the_text() -> None:
    assert TEXT[-43:] not in KEY.text()
    assert read_key(KEY.text()) == KEY
    assert read_key(KEY.revoked(NOW).text().encode()).revoked_at == NOW


def test_a_key_opens_with_its_text_alone() -> None:
    assert opens(KEY, TEXT, NOW)
    assert not opens(KEY, TEXT[:-1], NOW)
    assert not opens(KEY, TEXT + "x", NOW)
    assert not opens(KEY, "", NOW)
    assert not opens(KEY, "\ud800", NOW)
    assert not opens(None, TEXT, NOW)
    assert not opens(None, "", NOW)


def test_a_key_opens_until_it_expires_or_is_revoked() -> None:
    assert KEY.expires_at is not None
    assert opens(KEY, TEXT, KEY.expires_at - timedelta(seconds=1))
    assert not opens(KEY, TEXT, KEY.expires_at)
    assert opens(replace(KEY, expires_at=None), TEXT, NOW + timedelta(days=9_999))
    revoked = KEY.revoked(NOW)
    assert not opens(revoked, TEXT, NOW)
    assert revoked.revoked(NOW + timedelta(days=1)).revoked_at == NOW


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id":1}'])
def test_a_stored_key_that_cannot_be_read_is_said_so(text: str) -> None:
    with pytest.raises(StoreError, match="Create the keys anew"):
        read_key(text)
