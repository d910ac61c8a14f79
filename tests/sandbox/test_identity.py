"""Who is who: aliases, identification, merges and renamed external ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox

from .conftest import Clock, Track, customer, post, tracker
from .test_objects import EVENT
from .test_people import export

Start = Callable[..., Sandbox]
ALIAS = {"alias_name": "n", "alias_label": "l"}
FIRST = ["unidentified", "most_recently_updated"]


def aliases(sandbox: Sandbox) -> dict[str, list[tuple[str, str]]]:
    """The aliases of each profile, as label and name."""
    return {
        key: [(one["alias_label"], one["alias_name"]) for one in view["user_aliases"]]
        for key, view in sandbox.profiles().items()
    }


def new(sandbox: Sandbox, *entries: Any) -> requests.Response:
    """Add aliases."""
    return post(sandbox, "/users/alias/new", json={"user_aliases": list(entries)})


def update(sandbox: Sandbox, old: str, changed: str) -> requests.Response:
    """Change an alias name under the label of these tests."""
    entry = {"alias_label": "l", "old_alias_name": old, "new_alias_name": changed}
    return post(sandbox, "/users/alias/update", json={"alias_updates": [entry]})


def identify(sandbox: Sandbox, **arrays: Any) -> requests.Response:
    """Identify people."""
    return post(sandbox, "/users/identify", json=arrays)


def merge(sandbox: Sandbox, *pairs: tuple[Any, Any]) -> requests.Response:
    """Merge the first of each pair into the second."""
    updates = [
        {"identifier_to_merge": gone, "identifier_to_keep": kept}
        for gone, kept in pairs
    ]
    return post(sandbox, "/users/merge", json={"merge_updates": updates})


def rename(sandbox: Sandbox, *pairs: tuple[str, str]) -> requests.Response:
    """Rename external ids."""
    renames = [{"current_external_id": a, "new_external_id": b} for a, b in pairs]
    body = {"external_id_renames": renames}
    return post(sandbox, "/users/external_ids/rename", json=body)


def remove(sandbox: Sandbox, *ids: str) -> requests.Response:
    """Remove deprecated external ids."""
    return post(sandbox, "/users/external_ids/remove", json={"external_ids": ids})


# -- aliases


def test_an_alias_is_given_to_a_known_person(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    answer = new(sandbox, {"external_id": "customer-1", **ALIAS})
    assert (answer.status_code, answer.json()) == (
        201,
        {"aliases_processed": 1, "message": "success"},
    )
    assert aliases(sandbox) == {"customer-1": [("l", "n")]}


def test_an_alias_of_a_stranger_is_silently_not_added(sandbox: Sandbox) -> None:
    answer = new(sandbox, {"external_id": "nobody", **ALIAS})
    assert (answer.status_code, sandbox.profiles()) == (201, {})
    assert sandbox.meters()["ignored"] == 1


def test_an_alias_alone_creates_somebody(sandbox: Sandbox) -> None:
    new(sandbox, ALIAS)
    assert list(aliases(sandbox).values()) == [[("l", "n")]]


def test_an_alias_belongs_to_one_person(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), customer(2))
    new(sandbox, {"external_id": "customer-1", **ALIAS})
    new(sandbox, {"external_id": "customer-2", **ALIAS})
    assert aliases(sandbox) == {"customer-1": [("l", "n")], "customer-2": []}


def test_a_label_holds_one_name_of_a_person(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    for name in ("n", "m"):
        new(sandbox, {"external_id": "customer-1", **ALIAS, "alias_name": name})
    assert aliases(sandbox) == {"customer-1": [("l", "n")]}


def test_an_alias_is_updated(sandbox: Sandbox) -> None:
    new(sandbox, ALIAS)
    assert update(sandbox, "n", "m").json()["aliases_processed"] == 1
    assert list(aliases(sandbox).values()) == [[("l", "m")]]


@pytest.mark.parametrize(("old", "changed"), [("N", "m"), ("n", "other")])
def test_an_update_of_no_alias_or_to_a_taken_one_does_nothing(
    sandbox: Sandbox, old: str, changed: str
) -> None:
    new(sandbox, ALIAS, {**ALIAS, "alias_name": "other"})
    before = aliases(sandbox)
    assert update(sandbox, old, changed).status_code == 201
    assert aliases(sandbox) == before


def test_a_new_alias_is_found_only_later(start: Start, clock: Clock) -> None:
    sandbox = start(visibility_seconds=300, clock=clock)
    send = tracker(sandbox)
    send(customer())
    new(sandbox, {"external_id": "customer-1", **ALIAS})
    for plan in ("early", "late"):
        send({"user_alias": ALIAS, "plan": plan})
        stored = sandbox.profiles()["customer-1"]["custom_attributes"]
        assert stored == ({} if plan == "early" else {"plan": "late"})
        clock.now += 300


# -- identify


def test_an_alias_becomes_a_new_person(sandbox: Sandbox) -> None:
    new(sandbox, ALIAS)
    entry = {"external_id": "u1", "user_alias": ALIAS}
    answer = identify(sandbox, aliases_to_identify=[entry])
    assert (answer.status_code, answer.json()) == (
        201,
        {"aliases_processed": 1, "message": "success"},
    )
    assert aliases(sandbox) == {"u1": [("l", "n")]}


def test_an_alias_is_merged_into_a_known_person(sandbox: Sandbox, track: Track) -> None:
    track(
        customer(plan="gold"),
        {"user_alias": ALIAS, "_update_existing_only": False, "plan": "no", "n": 1},
    )
    entry = {"external_id": "customer-1", "user_alias": ALIAS}
    identify(sandbox, aliases_to_identify=[entry])
    assert aliases(sandbox) == {"customer-1": [("l", "n")]}
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"plan": "gold", "n": 1}


def test_an_alias_is_not_merged_where_its_label_is_taken(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer())
    new(sandbox, {"external_id": "customer-1", **ALIAS}, {**ALIAS, "alias_name": "m"})
    alias = {**ALIAS, "alias_name": "m"}
    entry = {"external_id": "customer-1", "user_alias": alias}
    identify(sandbox, aliases_to_identify=[entry])
    assert len(sandbox.profiles()) == 2


def test_identification_without_a_match_is_a_success(sandbox: Sandbox) -> None:
    entry = {"external_id": "u1", "user_alias": ALIAS}
    answer = identify(sandbox, aliases_to_identify=[entry])
    assert (answer.status_code, sandbox.profiles()) == (201, {})


@pytest.mark.parametrize(
    ("kind", "array"),
    [("email", "emails_to_identify"), ("phone", "phone_numbers_to_identify")],
)
def test_an_address_is_identified(
    sandbox: Sandbox, track: Track, kind: str, array: str
) -> None:
    value = {"email": "ada@example.com", "phone": "+390000001"}[kind]
    track({kind: value, "plan": "gold"})
    entry = {"external_id": "u1", kind: value, "prioritization": FIRST}
    assert identify(sandbox, **{array: [entry]}).status_code == 201
    assert list(sandbox.profiles()) == ["u1"]


@pytest.mark.parametrize(
    ("order", "merged"),
    [
        (["unidentified"], []),
        (["unidentified", "most_recently_updated"], ["b"]),
        (["unidentified", "least_recently_updated"], ["a"]),
        (["identified", "most_recently_updated"], []),
    ],
    ids=repr,
)
def test_prioritization_chooses_or_nobody_is_merged(
    sandbox: Sandbox, track: Track, order: list[str], merged: list[str]
) -> None:
    for name in ("a", "b"):
        alias = {"alias_name": name, "alias_label": name}
        track(
            {
                "user_alias": alias,
                "_update_existing_only": False,
                "email": "ada@example.com",
            }
        )
    track(customer(9, email="ada@example.com"), {"external_id": "u1"})
    email = {"external_id": "u1", "email": "ada@example.com", "prioritization": order}
    identify(sandbox, emails_to_identify=[email])
    assert [name for _, name in aliases(sandbox)["u1"]] == merged


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"aliases_to_identify": []},
        {"aliases_to_identify": [{"external_id": "u1"}]},
        {"emails_to_identify": [{"external_id": "u1", "email": "a@b.co"}]},
        {
            "emails_to_identify": [
                {
                    "external_id": "u1",
                    "email": "a@b.co",
                    "prioritization": ["identified", "unidentified"],
                }
            ]
        },
        {
            "emails_to_identify": [
                {"external_id": "u1", "email": "a@b.co", "prioritization": ["newest"]}
            ]
        },
        {"merge_behavior": "merge", "aliases_to_identify": []},
        {
            "aliases_to_identify": [
                {"external_id": f"u{number}", "user_alias": ALIAS}
                for number in range(51)
            ]
        },
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_bad_identification_is_refused(sandbox: Sandbox, body: Any) -> None:
    assert post(sandbox, "/users/identify", json=body).status_code == 400


# -- merges


def test_a_merge_copies_what_is_missing_and_sums_what_is_counted(
    sandbox: Sandbox, track: Track
) -> None:
    track(
        customer(1, plan="gold", email="ada@example.com", level=1),
        customer(2, plan="silver"),
    )
    track(events=[{**EVENT, "external_id": f"customer-{one}"} for one in (1, 2)])
    answer = merge(
        sandbox, ({"external_id": "customer-1"}, {"external_id": "customer-2"})
    )
    assert (answer.status_code, answer.json()) == (202, {"message": "success"})
    ((key, view),) = sandbox.profiles().items()
    assert (key, view["email"]) == ("customer-2", "ada@example.com")
    assert view["custom_attributes"] == {"plan": "silver", "level": 1}
    assert view["custom_events"][0]["count"] == 2


def test_a_merge_by_email_and_alias(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), {"email": "ada@example.com", "plan": "gold"})
    new(sandbox, {"external_id": "customer-1", **ALIAS})
    gone = {"email": "ada@example.com", "prioritization": ["unidentified"]}
    merge(sandbox, (gone, {"user_alias": ALIAS}))
    (view,) = sandbox.profiles().values()
    assert view["custom_attributes"] == {"plan": "gold"}


def test_a_chain_in_one_request_does_not_hold(sandbox: Sandbox, track: Track) -> None:
    """The order is not guaranteed; here it is the worst one."""
    track(customer(1), customer(2), customer(3))
    one, two, three = ({"external_id": f"customer-{number}"} for number in (1, 2, 3))
    merge(sandbox, (one, two), (two, three))
    assert sorted(sandbox.profiles()) == ["customer-1", "customer-3"]


def test_a_merge_is_done_later(start: Start, clock: Clock) -> None:
    sandbox = start(visibility_seconds=300, clock=clock)
    tracker(sandbox)(customer(1), customer(2))
    merge(sandbox, ({"external_id": "customer-1"}, {"external_id": "customer-2"}))
    before = len(sandbox.profiles())
    clock.now += 300
    assert (before, len(sandbox.profiles())) == (2, 1)


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ("a", "'merge_updates' must be an array of objects"),
        (["a"], "'merge_updates' must be an array of objects"),
        ([{}] * 51, "a single request may not contain more than 50 merge updates"),
        ([{"identifier_to_merge": {}}], "'merge_updates' must only have "),
        (
            [
                {
                    "identifier_to_merge": {"email": "a@b.co"},
                    "identifier_to_keep": {"external_id": "a"},
                }
            ],
            "identifiers must be objects with an 'external_id' property ",
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_merge_is_refused(sandbox: Sandbox, updates: Any, message: str) -> None:
    answer = post(sandbox, "/users/merge", json={"merge_updates": updates})
    assert (answer.status_code, answer.json()["message"][: len(message)]) == (
        400,
        message,
    )


# -- external ids


def test_a_renamed_id_is_deprecated_and_still_found(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer())
    answer = rename(sandbox, ("customer-1", "u1"))
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "external_ids": [
                {"current_external_id": "customer-1", "new_external_id": "u1"}
            ],
            "rename_errors": [],
            "message": "success",
        },
    )
    track(customer(plan="gold"))
    ((key, view),) = sandbox.profiles().items()
    assert (key, view["custom_attributes"]) == ("u1", {"plan": "gold"})
    assert view["deprecated_external_ids"] == ["customer-1"]


@pytest.mark.parametrize(
    "pair",
    [
        ("nobody", "u1"),
        ("customer-1", "customer-1"),
        ("customer-1", "customer-2"),
        ("old", "u1"),
        ("customer-1", "old"),
    ],
)
def test_a_rename_that_cannot_be_is_told_by_its_index(
    sandbox: Sandbox, track: Track, pair: tuple[str, str]
) -> None:
    track(customer(1), customer(2), {"external_id": "old"})
    rename(sandbox, ("old", "new"))
    answer = rename(sandbox, ("new", "newest"), pair).json()
    assert len(answer["external_ids"]) == 1
    assert "index 1" in answer["rename_errors"][0]


def test_a_removed_id_finds_nobody(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    rename(sandbox, ("customer-1", "u1"))
    answer = remove(sandbox, "customer-1", "u1", "nobody").json()
    assert answer["removed_ids"] == ["customer-1"]
    assert [error[:25] for error in answer["removal_errors"]] == [
        "'external_ids' at index 1",
        "'external_ids' at index 2",
    ]
    assert export(sandbox, external_ids=["customer-1"])["users"] == []


def test_a_new_id_is_found_only_later(start: Start, clock: Clock) -> None:
    """Who does not wait creates a second person, and the rename fails."""
    sandbox = start(visibility_seconds=300, clock=clock)
    send = tracker(sandbox)
    send(customer(1), customer(2))
    rename(sandbox, ("customer-1", "u1"), ("customer-2", "u2"))
    send({"external_id": "u1"})
    clock.now += 300
    send({"external_id": "u2"})
    assert sorted(sandbox.profiles()) == ["customer-1", "u1", "u2"]


@pytest.mark.parametrize("path", ["rename", "remove"])
def test_50_ids_a_request(sandbox: Sandbox, path: str) -> None:
    many = [str(number) for number in range(51)]
    answer = (
        remove(sandbox, *many)
        if path == "remove"
        else rename(sandbox, *((one, f"{one}x") for one in many))
    )
    assert answer.status_code == 400


# -- refused by a fault


@pytest.mark.parametrize(
    "kind", ["partial_errors", "unindexed_errors", "string_errors"]
)
def test_some_entries_are_refused(start: Start, kind: str) -> None:
    sandbox = start(faults={"script": [kind]})
    entries = [{**ALIAS, "alias_name": name} for name in "abcdefgh"]
    answer = new(sandbox, *entries).json()
    refused = len(answer["errors"])
    assert (answer["aliases_processed"], len(sandbox.profiles())) == (
        8 - refused,
        8 - refused,
    )
    assert isinstance(answer["errors"][0], str) is (kind == "string_errors")


def test_some_renames_are_refused(start: Start) -> None:
    sandbox = start(faults={"script": ["partial_errors"], "paths": ["*rename"]})
    tracker(sandbox)(*(customer(number) for number in range(8)))
    answer = rename(sandbox, *((f"customer-{n}", f"u{n}") for n in range(8))).json()
    assert len(answer["external_ids"]) + len(answer["rename_errors"]) == 8
    assert answer["rename_errors"]
