"""What a person or a log may read of personal data: nothing."""

from __future__ import annotations

import json

from runner.masking import masked_payload, shown_key


def test_a_long_text_without_an_address_is_shown_at_once() -> None:
    """A pattern that starts over at each letter would take hours for a megabyte."""
    payload = json.dumps({"note": "x" * 1_000_000})

    assert masked_payload(payload, frozenset()).startswith('{"note": "xxx')
    assert shown_key("k" * 1_000_000, "{}").endswith("...")


def test_addresses_are_masked_wherever_they_stand() -> None:
    payload = json.dumps(
        {"note": "write to ada.lovelace@example.com or +4915112345678"}
    )

    shown = masked_payload(payload, frozenset())

    assert shown == '{"note": "write to *** or ***"}'
