"""Whom an object is about: found, created, skipped; and reading people back."""

from __future__ import annotations

from typing import Any

import pytest

from runner.sandbox import Sandbox

from .conftest import Track, customer, post

ALIAS = {"alias_name": "n", "alias_label": "l"}


def export(sandbox: Sandbox, **selection: Any) -> dict[str, Any]:
    """Read people back, with all the fields these tests look at."""
    fields = ["external_id", "email", "custom_attributes", "dob", "user_aliases"]
    body = {"fields_to_export": fields, **selection}
    answer: dict[str, Any] = post(sandbox, "/users/export/ids", json=body).json()
    return answer


def test_an_unknown_external_id_creates_a_profile(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer())
    assert list(sandbox.profiles()) == ["customer-1"]


def test_update_only_skips_an_unknown_person_silently(
    sandbox: Sandbox, track: Track
) -> None:
    answer = track(customer(_update_existing_only=True)).json()
    assert (answer["attributes_processed"], sandbox.profiles()) == (1, {})


def test_update_only_updates_a_known_person(sandbox: Sandbox, track: Track) -> None:
    track(customer(), customer(plan="gold", _update_existing_only=True))
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"plan": "gold"}


def test_an_unknown_alias_is_skipped_by_default(sandbox: Sandbox, track: Track) -> None:
    track({"user_alias": ALIAS, "plan": "gold"})
    assert sandbox.profiles() == {}


def test_an_alias_is_created_on_demand(sandbox: Sandbox, track: Track) -> None:
    track({"user_alias": ALIAS, "_update_existing_only": False})
    (profile,) = sandbox.profiles().values()
    assert profile["user_aliases"] == [ALIAS]


def test_a_known_alias_is_updated(sandbox: Sandbox, track: Track) -> None:
    track({"user_alias": ALIAS, "_update_existing_only": False})
    track({"user_alias": ALIAS, "plan": "gold"})
    (profile,) = sandbox.profiles().values()
    assert profile["custom_attributes"] == {"plan": "gold"}


def test_a_braze_id_cannot_create(sandbox: Sandbox, track: Track) -> None:
    track({"braze_id": "5a4db0c0ffffffffffffffff", "plan": "gold"})
    assert sandbox.profiles() == {}


def test_a_braze_id_updates(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    braze_id = sandbox.profiles()["customer-1"]["braze_id"]
    track({"braze_id": braze_id, "plan": "gold"})
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"plan": "gold"}


def test_an_unknown_email_creates_a_profile_without_external_id(
    sandbox: Sandbox, track: Track
) -> None:
    track({"email": "Ada@Example.com", "plan": "gold"})
    ((key, profile),) = sandbox.profiles().items()
    assert (key, profile["email"]) == (
        f"braze_id:{profile['braze_id']}",
        "ada@example.com",
    )


def test_an_email_finds_its_profile_in_any_case(sandbox: Sandbox, track: Track) -> None:
    track({"email": "ada@example.com"}, {"email": "ADA@example.com", "plan": "gold"})
    assert len(sandbox.profiles()) == 1


def test_an_external_id_does_not_find_a_profile_by_email(
    sandbox: Sandbox, track: Track
) -> None:
    """The famous second profile."""
    track({"email": "ada@example.com"}, customer(email="ada@example.com"))
    assert len(sandbox.profiles()) == 2


def test_an_email_prefers_the_profile_with_an_external_id(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(email="ada@example.com"))
    track(
        {
            "user_alias": ALIAS,
            "_update_existing_only": False,
            "email": "ada@example.com",
        }
    )
    track({"email": "ada@example.com", "plan": "gold"})
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"plan": "gold"}


def test_a_changed_email_no_longer_finds_the_profile(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(email="old@example.com"), customer(email="new@example.com"))
    assert export(sandbox, email_address="old@example.com")["users"] == []


def test_a_phone_finds_its_profile(sandbox: Sandbox, track: Track) -> None:
    track(customer(phone="+3900"), {"phone": "+3900", "plan": "gold"})
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"plan": "gold"}


def test_an_event_may_create_a_profile(sandbox: Sandbox, track: Track) -> None:
    track(events=[{"email": "ada@example.com", "name": "e", "time": "2026-01-01"}])
    (profile,) = sandbox.profiles().values()
    assert profile["email"] == "ada@example.com"


def test_an_export_omits_fields_without_data(sandbox: Sandbox, track: Track) -> None:
    track(customer(email="Ada@Example.com"))
    assert export(sandbox, external_ids=["customer-1"])["users"] == [
        {"external_id": "customer-1", "email": "ada@example.com"}
    ]


def test_an_export_has_only_the_fields_asked_for(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(email="ada@example.com"))
    answer = export(sandbox, external_ids=["customer-1"], fields_to_export=["email"])
    assert answer["users"] == [{"email": "ada@example.com"}]


def test_an_export_names_unknown_ids(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    answer = export(sandbox, external_ids=["customer-1", "nobody"])
    assert answer["invalid_user_ids"] == ["nobody"]


@pytest.mark.parametrize("by", ["user_aliases", "braze_id", "email_address", "phone"])
def test_an_export_finds_people(sandbox: Sandbox, track: Track, by: str) -> None:
    track(
        {
            "user_alias": ALIAS,
            "_update_existing_only": False,
            "email": "ada@example.com",
            "phone": "+3900",
            "plan": "gold",
        }
    )
    (profile,) = sandbox.profiles().values()
    selections = {
        "user_aliases": [ALIAS],
        "braze_id": profile["braze_id"],
        "email_address": "ADA@example.com",
        "phone": "+3900",
    }
    (found,) = export(sandbox, **{by: selections[by]})["users"]
    assert found["custom_attributes"] == {"plan": "gold"}


def test_an_export_returns_everybody_who_shares_an_email(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(1, email="ada@example.com"), customer(2, email="ada@example.com"))
    assert len(export(sandbox, email_address="ada@example.com")["users"]) == 2


def test_an_export_takes_50_ids_at_most(sandbox: Sandbox) -> None:
    ids = [str(number) for number in range(51)]
    body = {"external_ids": ids, "fields_to_export": ["email"]}
    answer = post(sandbox, "/users/export/ids", json=body)
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "The max number of external_ids and aliases per request was exceeded",
    )


def test_an_export_needs_its_fields_named(sandbox: Sandbox) -> None:
    """As for every workspace onboarded since August 2024."""
    answer = post(sandbox, "/users/export/ids", json={"external_ids": ["a"]})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"user_aliases": ["a"]},
        {"user_aliases": [{"alias_name": ["x"], "alias_label": "l"}]},
        {"external_ids": [{}, None, ["a"], 7]},
        {"external_ids": "a"},
        {"braze_id": {"a": 1}},
        {"fields_to_export": [{}, "email"], "external_ids": ["a"]},
    ],
    ids=repr,
)
def test_a_strange_export_is_answered(sandbox: Sandbox, body: dict[str, Any]) -> None:
    body = {"fields_to_export": ["email"], **body}
    assert post(sandbox, "/users/export/ids", json=body).status_code in {201, 400}
