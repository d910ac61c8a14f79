"""What an answer of Movable Ink's means, status by status; and where events go."""

from __future__ import annotations

import pytest

from runner.errors import AuthError, ConfigError
from runner.movable_ink.destination import from_environment, shown
from runner.outcome import Kind, classify
from runner.refusals import Sent
from runner.retries import stopping_error
from runner.settings import Limits, load_limits

URL = "https://collector.example.com/behavioral/canary"
GOOD = {
    "MOVABLE_INK_URL": URL,
    "MOVABLE_INK_USERNAME": "user",
    "MOVABLE_INK_PASSWORD": "canary-password",
}


@pytest.mark.parametrize(
    ("status", "body", "once", "twice"),
    [
        (200, b"", Kind.ACCEPTED, Kind.ACCEPTED),
        (200, b"not JSON", Kind.ACCEPTED, Kind.ACCEPTED),
        (202, b"{}", Kind.ACCEPTED, Kind.ACCEPTED),
        (200, b"<html>a portal</html>", Kind.UNKNOWN, Kind.RETRY),
        (307, b"", Kind.CONFIG, Kind.CONFIG),
        (400, b'{"message": "no"}', Kind.SPLIT, Kind.SPLIT),
        (422, b"", Kind.SPLIT, Kind.SPLIT),
        (413, b"", Kind.SPLIT, Kind.SPLIT),
        (401, b"canary", Kind.AUTH, Kind.AUTH),
        (403, b"canary", Kind.AUTH, Kind.AUTH),
        (404, b"canary", Kind.CONFIG, Kind.CONFIG),
        (429, b"", Kind.WAIT, Kind.WAIT),
        (503, b"<html>", Kind.WAIT, Kind.WAIT),
        (408, b"", Kind.UNKNOWN, Kind.RETRY),
        (500, b"", Kind.UNKNOWN, Kind.RETRY),
        (504, b"", Kind.UNKNOWN, Kind.RETRY),
    ],
)
def test_a_status_says_it_of_every_row(
    status: int, body: bytes, once: Kind, twice: Kind
) -> None:
    """Where a repeat does no harm, what is in doubt is sent again."""
    for is_once, kind in ((True, once), (False, twice)):
        sent = Sent(("{}", "{}"), naming="nothing", once=is_once)
        outcome = classify(status, {"retry-after": "7"}, body, sent)
        assert outcome.kind is kind
        assert "canary" not in outcome.reason
        if kind is Kind.WAIT:
            assert outcome.wait == 7


def test_what_nothing_can_mend_says_what_to_look_at() -> None:
    sent = Sent(("{}",), naming="nothing")
    refused = stopping_error(classify(403, {}, b"", sent))
    lost = stopping_error(classify(404, {}, b"", sent))

    assert isinstance(refused, AuthError)
    assert "MOVABLE_INK_PASSWORD, or MOVABLE_INK_AUTHORIZATION" in str(refused)
    assert isinstance(lost, ConfigError)
    assert "Check MOVABLE_INK_URL; nothing more was sent." in str(lost)


# -- where events go


def destination(monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    """The sentence that says what is wrong, or nothing."""
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)
    try:
        from_environment("feed")
    except ConfigError as error:
        return str(error)
    return ""


def test_the_key_is_kept_apart_from_the_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert destination(monkeypatch) == ""
    to = from_environment("feed")

    assert to.endpoint == "https://collector.example.com"
    assert to.credentials.path == "/behavioral/canary"
    assert "canary" not in repr(to) + shown(to)
    monkeypatch.setenv("MOVABLE_INK_URL", URL + "2")
    assert shown(from_environment("feed")) != shown(to)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("URL", "", "feed: MOVABLE_INK_URL is not set."),
        ("URL", "collector.example.com/behavioral/canary", "is not a URL with a key"),
        ("URL", "https://collector.example.com", "is not a URL with a key at its end"),
        ("URL", "http://example.com/behavioral/canary", "Use https://."),
        (
            "URL",
            "https://u:canary@example.com/b/c",
            "belongs into MOVABLE_INK_USERNAME",
        ),
        ("URL", "https://example.com:canary/b", "is not a URL with a key at its end"),
        ("URL", "http://localhost:1/behavioral/canary", ""),
        ("USERNAME", "", "feed: MOVABLE_INK_USERNAME is not set."),
        ("USERNAME", "a:b", "holds a colon"),
        ("PASSWORD", "", "feed: MOVABLE_INK_PASSWORD is not set."),
        ("AUTHORIZATION", "Basic canary", "is not the base64 of a user"),
        ("AUTHORIZATION", "Bearer dTpw", "is not the base64 of a user"),
        ("AUTHORIZATION", "Basic dTpw", ""),
    ],
)
def test_what_cannot_work_is_one_sentence_without_a_secret(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = destination(monkeypatch, **{f"MOVABLE_INK_{name}": value})

    assert sentence in found
    assert "canary" not in found
    assert bool(found) == bool(sentence)


def test_a_ready_value_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for prefix in ("", "Basic ", "basic "):
        destination(monkeypatch, MOVABLE_INK_AUTHORIZATION=f"{prefix}dTpw")

        assert from_environment("feed").credentials.key == "dTpw"


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("movable_ink_events_per_request", 1_000),
        ("movable_ink_bytes_per_request", 1_000_000),
    ],
)
def test_no_contract_takes_larger_batches(name: str, most: int) -> None:
    assert load_limits({name: most}, {}) == Limits(**{name: most})
    with pytest.raises(
        ConfigError, match=f"{name}: Movable Ink takes {most:,} at most"
    ):
        load_limits({name: most + 1}, {})
