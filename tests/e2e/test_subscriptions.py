"""Consent: sent once, said by name, and never against Braze's later word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .objects import Objects, copy_objects, meet, writes

GROUPS = {"group-news": "Newsletter", "group-sms": "SMS"}
SET = "/v2/subscription/status/set"
JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1) for month in (1, 2, 3))  # noqa: DTZ001 - UTC, as the mart's columns


@pytest.fixture
def braze() -> Iterator[Sandbox]:
    """A Braze that refuses any other group."""
    with Sandbox(subscription_groups=GROUPS) as server:
        yield server


@pytest.fixture
def known(known_objects: Objects, tmp_path: Path, braze: Sandbox) -> Objects:
    """A shop with three people whom Braze has had for long."""
    meet(braze)
    return copy_objects(known_objects, tmp_path / "known")


def states(braze: Sandbox) -> dict[str, dict[str, str]]:
    """Person -> group -> state, as Braze has them."""
    return {
        person: {
            group["subscription_group_id"]: group["subscription_state"]
            for group in profile.get("subscription_groups") or []
        }
        for person, profile in braze.profiles().items()
    }


def test_states_are_set_by_the_name_of_the_group_and_once(
    known: Objects, braze: Sandbox
) -> None:
    known.fill(
        "consents",
        [
            ("p1", "newsletter", "subscribed", JANUARY),
            ("p1", "sms", "unsubscribed", JANUARY),
            ("p2", "newsletter", "unsubscribed", JANUARY),
        ],
    )

    assert known.deliver(braze, "consents") == 3
    assert states(braze) == {
        "p1": {"group-news": "subscribed", "group-sms": "unsubscribed"},
        "p2": {"group-news": "unsubscribed"},
        "p3": {},
    }
    assert known.deliver(braze, "consents") == 0


def test_a_user_whom_the_same_push_creates_waits(
    objects: Objects, braze: Sandbox
) -> None:
    objects.fill("people", [("p1", "gold", 1)])
    objects.fill("consents", [("p1", "newsletter", "subscribed", JANUARY)])

    assert objects.deliver(braze, "people", "consents") == 1
    assert writes(braze, SET) == []
    objects.pass_time()
    assert objects.deliver(braze, "consents") == 1
    assert states(braze)["p1"] == {"group-news": "subscribed"}


def test_the_state_of_a_channel_makes_nobody(known: Objects, braze: Sandbox) -> None:
    """Sent as an attribute, a state would make a profile of a stranger."""
    known.fill(
        "consents",
        [
            ("p1", "email", "opted_in", JANUARY),
            ("stranger", "push", "unsubscribed", JANUARY),
        ],
    )

    assert known.deliver(braze, "consents") == 2

    assert braze.profiles()["p1"]["email_subscribe"] == "opted_in"
    assert "stranger" not in braze.profiles()


def test_a_group_without_an_id_is_refused_here(known: Objects, braze: Sandbox) -> None:
    """Braze would refuse all that travel with it."""
    known.fill(
        "consents",
        [
            ("p1", "newsleter", "subscribed", JANUARY),
            ("p2", "newsletter", "subscribed", JANUARY),
        ],
    )

    assert known.push(braze, "consents").code == 4

    assert [len(body["subscription_groups"]) for body in writes(braze, SET)] == [1]
    (reason,) = known.sql(f"select reason from {LEDGER}.ledger_rejected_rows")[0]
    assert reason == (
        "the subscription group 'newsleter' has no id for dev: "
        "add it to the seed of groups"
    )


def test_brazes_later_word_wins_and_a_newer_consent_wins_over_it(
    known: Objects, braze: Sandbox
) -> None:
    """Trap 21: a stale consent would subscribe somebody who has left."""
    known.fill("consents", [("p1", "newsletter", "subscribed", JANUARY)])
    known.fill("heard", [("p1", "newsletter", "unsubscribed", FEBRUARY)])
    assert known.deliver(braze, "consents") == 0

    known.fill("consents", [("p1", "newsletter", "subscribed", MARCH)])
    assert known.deliver(braze, "consents") == 1
    assert states(braze)["p1"] == {"group-news": "subscribed"}


@pytest.mark.parametrize("options", [(), ("--full-resync",)])
def test_nobody_is_subscribed_again_who_left_in_braze(
    known: Objects, braze: Sandbox, options: tuple[str, ...]
) -> None:
    """Whatever is sent again: the person has had the last word."""
    known.fill("consents", [("p1", "newsletter", "subscribed", JANUARY)])
    known.deliver(braze, "consents")
    known.fill("heard", [("p1", "newsletter", "unsubscribed", FEBRUARY)])
    # A hash that differs for no reason, as after a new column; and sent before the no.
    known.sql(
        f"update {LEDGER}.ledger_sent_rows set row_hash = 'old', sent_at = ?", [JANUARY]
    )

    assert known.deliver(braze, "consents", options=options) == 0
    assert len(writes(braze, SET)) == 1


def test_what_braze_says_twice_or_late_is_one_word(
    known: Objects, braze: Sandbox
) -> None:
    """Trap 25: Currents brings a row at least once, and in any order."""
    known.fill("consents", [("p1", "newsletter", "subscribed", JANUARY)])
    days = {"unsubscribed": timedelta(days=3), "subscribed": timedelta(days=1)}
    heard = [
        ("p1", "newsletter", state, JANUARY + days[state])
        for state in ("unsubscribed", "subscribed", "unsubscribed")
    ]
    known.fill("heard", heard)

    assert known.deliver(braze, "consents") == 0

    asked = JANUARY + timedelta(days=4)
    known.fill("consents", [("p1", "newsletter", "subscribed", asked)])
    assert known.deliver(braze, "consents") == 1


def test_silence_is_neither_a_yes_nor_a_no(known: Objects, braze: Sandbox) -> None:
    """A row that left the mart, and a yes without a date, say nothing."""
    known.fill("consents", [("p1", "newsletter", "subscribed", JANUARY)])
    known.deliver(braze, "consents")
    known.fill("consents", [("p2", "newsletter", "subscribed", None)])

    approved = ("--approve", known.plan_id("consents"))
    assert known.push(braze, "consents", options=approved).code == 4
    assert states(braze)["p1"] == {"group-news": "subscribed"}
    assert states(braze)["p2"] == {}


@pytest.fixture
def sharing(objects: Objects, braze: Sandbox) -> Objects:
    """Three profiles in Braze, two of which share an address."""
    addresses = {"p1": "ada@example.com", "p2": "ada@example.com", "p3": "b@x.example"}
    objects.fill("profiles", [(email, person) for person, email in addresses.items()])
    objects.sql(
        "create or replace table main.people as "
        "select external_id, email from main.profiles"
    )
    objects.deliver(braze, "people")
    objects.pass_time()
    return objects


def by_email(*rows: tuple[str, str, datetime]) -> list[tuple[Any, ...]]:
    return [(email, "newsletter", state, at) for email, state, at in rows]


def test_a_first_run_adopts_consent_and_sends_every_refusal(
    sharing: Objects, braze: Sandbox
) -> None:
    """Trap 21: what Braze knows of old must not subscribe anybody anew."""
    sharing.fill(
        "consents_by_email",
        by_email(
            ("ada@example.com", "subscribed", JANUARY),
            ("b@x.example", "unsubscribed", JANUARY),
        ),
    )

    first = sharing.push(braze, "consents_by_email")

    assert first.code == 0
    assert "took 1 row of history without sending them" in first.err
    assert states(braze) == {"p1": {}, "p2": {}, "p3": {"group-news": "unsubscribed"}}
    assert sharing.deliver(braze, "consents_by_email") == 0


def test_a_state_by_email_says_whom_it_reaches_and_names_no_address(
    sharing: Objects, braze: Sandbox
) -> None:
    """Trap 21: every profile that shares the address moves."""
    sharing.fill(
        "consents_by_email", by_email(("ada@example.com", "unsubscribed", JANUARY))
    )

    planned = sharing.runner("plan", "-s", "consents_by_email")
    marked = sharing.runner("plan", "-s", "consents_by_email", "--format", "markdown")
    assert sharing.deliver(braze, "consents_by_email") == 1

    assert "1 row by e-mail or phone reaches 2 profiles." in planned.out
    assert "ada@example.com" not in planned.out + marked.out
    assert states(braze) == {
        "p1": {"group-news": "unsubscribed"},
        "p2": {"group-news": "unsubscribed"},
        "p3": {},
    }
    (body,) = writes(braze, SET)
    (sent,) = body["subscription_groups"]
    assert sent["emails"] == ["ada@example.com"]
    assert not {"email", "phones", "external_ids"} & sent.keys()


def test_no_address_is_among_the_refused(sharing: Objects, braze: Sandbox) -> None:
    sharing.fill(
        "consents_by_email",
        [("ada@example.com", "newsleter", "unsubscribed", JANUARY)],
    )
    assert sharing.push(braze, "consents_by_email").code == 4

    shown = sharing.runner("rejected")
    also = sharing.runner("rejected", "--format", "json")

    assert "newsleter" in shown.out
    assert "ada@example.com" not in shown.out + also.out
