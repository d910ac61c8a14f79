"""POST /users/delete: one selector, fifty people, and who comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox

from .conftest import Track, customer, post
from .test_identity import new, rename
from .test_objects import EVENT
from .test_people import export

Start = Callable[..., Sandbox]
ALIAS = {"alias_name": "n", "alias_label": "l"}
EMAIL = {"email": "ada@example.com", "prioritization": ["most_recently_updated"]}


def delete(sandbox: Sandbox, **selection: Any) -> requests.Response:
    """Delete people."""
    return post(sandbox, "/users/delete", json=selection)


def test_a_deleted_person_is_an_invalid_id(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), customer(2))
    answer = delete(sandbox, external_ids=["customer-1"])
    assert (answer.status_code, answer.json()) == (
        201,
        {"deleted": 1, "message": "success"},
    )
    told = export(sandbox, external_ids=["customer-1", "customer-2"])
    assert told["invalid_user_ids"] == ["customer-1"]
    assert list(sandbox.profiles()) == ["customer-2"]


@pytest.mark.parametrize(
    "name",
    ["external_ids", "user_aliases", "braze_ids", "email_addresses", "phone_numbers"],
)
def test_the_selectors(sandbox: Sandbox, track: Track, name: str) -> None:
    track(customer(email="ada@example.com", phone="+390000001"))
    new(sandbox, {"external_id": "customer-1", **ALIAS})
    braze_id = sandbox.profiles()["customer-1"]["braze_id"]
    phone = {"phone": "+390000001", "prioritization": ["identified"]}
    selections = {
        "external_ids": "customer-1",
        "user_aliases": ALIAS,
        "braze_ids": braze_id,
        "email_addresses": EMAIL,
        "phone_numbers": phone,
    }
    delete(sandbox, **{name: [selections[name]]})
    assert sandbox.profiles() == {}


@pytest.mark.parametrize(
    "selection",
    [
        {},
        {"external_ids": ["a"], "braze_ids": ["b"]},
        {"external_id": ["a"]},
        {"external_ids": []},
        {"external_ids": "a"},
        {"external_ids": [7]},
        {"email_addresses": ["ada@example.com"]},
        {"email_addresses": [{"email": "ada@example.com"}]},
        {"external_ids": [str(number) for number in range(51)]},
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_bad_deletion_is_refused(
    sandbox: Sandbox, track: Track, selection: dict[str, Any]
) -> None:
    track({"external_id": "a"})
    assert delete(sandbox, **selection).status_code == 400
    assert list(sandbox.profiles()) == ["a"]


def test_of_several_who_share_an_address_nobody_is_deleted(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(1, email="ada@example.com"), customer(2, email="ada@example.com"))
    delete(sandbox, email_addresses=[{**EMAIL, "prioritization": ["identified"]}])
    assert len(sandbox.profiles()) == 2


def test_a_stranger_counts_and_nothing_happens(sandbox: Sandbox) -> None:
    assert delete(sandbox, external_ids=["nobody"]).json()["deleted"] == 1


def test_a_later_write_creates_an_empty_person_again(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(plan="gold"))
    old = sandbox.profiles()["customer-1"]["braze_id"]
    delete(sandbox, external_ids=["customer-1"])
    track(customer(level=1, _update_existing_only=True))
    between = sandbox.profiles()
    track(customer(level=2))
    view = sandbox.profiles()["customer-1"]
    assert (between, view["custom_attributes"]) == ({}, {"level": 2})
    assert view["braze_id"] != old


def test_a_deprecated_id_deletes_the_whole_person(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer())
    rename(sandbox, ("customer-1", "u1"))
    delete(sandbox, external_ids=["customer-1"])
    assert sandbox.profiles() == {}


def test_what_a_deleted_person_did_stays_told(sandbox: Sandbox, track: Track) -> None:
    track(events=[EVENT])
    delete(sandbox, external_ids=["u"])
    assert [one["profile"] for one in sandbox.events()] == ["u"]


def test_a_deleted_person_leaves_the_page(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), customer(2))
    delete(sandbox, external_ids=["customer-1"])
    shown = requests.get(f"{sandbox.url}/sandbox/overview", timeout=5).json()
    assert [one["key"] for one in shown["profiles"]] == ["customer-2"]
