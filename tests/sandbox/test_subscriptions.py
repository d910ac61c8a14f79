"""Consent: both versions of the endpoint, and everybody whom a write moves."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox

from .conftest import KEY, Track, customer, post, tracker

V1, V2 = "/subscription/status/set", "/v2/subscription/status/set"


def group(**people: Any) -> dict[str, Any]:
    """Build one group's change."""
    change = {"subscription_group_id": "g1", "subscription_state": "subscribed"}
    return {**change, **people}


def send(sandbox: Sandbox, *groups: Any) -> requests.Response:
    """Send to the second version."""
    return post(sandbox, V2, json={"subscription_groups": list(groups)})


def states(sandbox: Sandbox) -> dict[str, str]:
    """The state of each profile in the group, where it has one."""
    return {
        key: one["subscription_state"]
        for key, profile in sandbox.profiles().items()
        for one in profile.get("subscription_groups", [])
        if one["subscription_group_id"] == "g1"
    }


@pytest.fixture
def people(sandbox: Sandbox, track: Track) -> Sandbox:
    """Two people who share an address, one who does not, one of them with a phone."""
    track(
        customer(1, email="ada@example.com"),
        customer(2, email="ADA@example.com", phone="+390000001"),
        customer(3),
    )
    return sandbox


@pytest.mark.parametrize(
    ("selection", "moved"),
    [
        ({"external_ids": ["customer-3"]}, {3}),
        ({"external_ids": ["customer-1"]}, {1, 2}),
        ({"emails": ["Ada@example.com"]}, {1, 2}),
        ({"phones": ["+390000001"]}, {1, 2}),
        ({"external_ids": ["nobody"]}, set()),
    ],
    ids=repr,
)
def test_whom_a_state_moves(
    people: Sandbox, selection: dict[str, Any], moved: set[int]
) -> None:
    answer = send(people, group(**selection))
    assert (answer.status_code, answer.json()) == (201, {"message": "success"})
    assert states(people) == {f"customer-{one}": "subscribed" for one in moved}


def test_a_track_write_moves_who_shares_the_address(people: Sandbox) -> None:
    tracker(people)(customer(1, subscription_groups=[group()]))
    assert states(people) == dict.fromkeys(["customer-1", "customer-2"], "subscribed")


@pytest.mark.parametrize(
    "selection",
    [
        {"external_id": ["customer-3"]},
        {"external_id": "customer-3"},
        {"email": ["ada@example.com"]},
        {"phone": "+390000001"},
    ],
    ids=repr,
)
def test_the_first_version_takes_singular_keys(
    people: Sandbox, selection: dict[str, Any]
) -> None:
    answer = post(people, V1, json=group(**selection))
    assert (answer.status_code, bool(states(people))) == (201, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (V1, group(external_ids=["customer-3"])),
        (V2, {"subscription_groups": [group(external_id=["customer-3"])]}),
        (V2, {"subscription_groups": [group(external_ids="customer-3")]}),
        (V2, {"subscription_groups": [group()]}),
        (V2, {"subscription_groups": []}),
        (V2, group(external_ids=["customer-3"])),
        (V2, {"subscription_groups": [{**group(phones=["0000001"])}]}),
        (
            V2,
            {
                "subscription_groups": [
                    group(external_ids=["a"], subscription_state="Subscribed")
                ]
            },
        ),
    ],
    ids=repr,
)
def test_a_wrong_form_is_refused(
    people: Sandbox, path: str, body: dict[str, Any]
) -> None:
    assert (post(people, path, json=body).status_code, states(people)) == (400, {})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (V1, group(email="a@b.co", phone="+390000001")),
        (V2, {"subscription_groups": [group(emails=["a@b.co"], phones=["+39001"])]}),
    ],
)
def test_email_and_phone_together_are_refused(
    sandbox: Sandbox, path: str, body: dict[str, Any]
) -> None:
    answer = post(sandbox, path, json=body)
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "Either an email address or a phone number should be provided, but not both.",
    )


def test_50_people_a_request_over_all_groups(sandbox: Sandbox) -> None:
    ids = [str(number) for number in range(26)]
    answer = send(sandbox, group(external_ids=ids[:25]), group(external_ids=ids[:25]))
    assert answer.status_code == 201
    answer = send(sandbox, group(external_ids=ids[:25]), group(external_ids=ids))
    assert answer.status_code == 400


def test_an_unknown_group_is_refused_where_groups_are_configured() -> None:
    with Sandbox(subscription_groups=["g2"]) as sandbox:
        answer = send(sandbox, group(external_ids=["a"]))
        assert (answer.status_code, answer.json()) == (
            400,
            {"message": "Invalid subscription group ID"},
        )
        tracked = tracker(sandbox)(customer(subscription_groups=[group()]))
        errors = tracked.json()["errors"]
        assert errors[0]["type"] == "BAD_SUBSCRIPTION_GROUP_ID"


def read(sandbox: Sandbox, path: str) -> Any:
    """Read with the good key."""
    answer = requests.get(f"{sandbox.url}{path}", headers=KEY, timeout=5)
    return answer.json()


def test_a_state_is_read_back_capitalised(people: Sandbox) -> None:
    send(people, group(external_ids=["customer-3"]))
    path = "/subscription/status/get?subscription_group_id=g1"
    told = read(people, f"{path}&external_id[]=customer-3&external_id[]=customer-1")
    assert told["status"] == {"customer-3": "Subscribed", "customer-1": "unknown"}


def test_the_groups_of_a_person_are_read_back() -> None:
    with Sandbox(subscription_groups={"g1": "News"}) as sandbox:
        tracker(sandbox)(customer(email="ada@example.com"))
        send(sandbox, group(external_ids=["customer-1"]))
        told = read(sandbox, "/subscription/user/status?external_id[]=customer-1")
    assert told["users"] == [
        {
            "email": "ada@example.com",
            "phone": None,
            "external_id": "customer-1",
            "subscription_groups": [
                {"id": "g1", "name": "News", "channel": "email", "status": "Subscribed"}
            ],
        }
    ]
