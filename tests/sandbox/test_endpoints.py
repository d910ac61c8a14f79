"""What holds for every endpoint: keys, permissions, rates, faults, users in flight."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox
from runner.sandbox.api.routes import NAMES
from runner.sandbox.faults import KINDS

from .conftest import KEY, Clock, customer, tracker
from .test_objects import EVENT
from .test_people import export

Start = Callable[..., Sandbox]
PARTNER = "/partners/"
KEYED = [name for name in NAMES if PARTNER not in name]
READING = {"/users/export/ids"}
WRITES: dict[str, Any] = {
    "POST /users/track": {"attributes": [customer()]},
    "POST /users/track/bulk": {"events": [EVENT]},
    "POST /users/alias/new": {
        "user_aliases": [{"alias_name": "a", "alias_label": "b"}]
    },
    "POST /users/alias/update": {
        "alias_updates": [
            {"alias_label": "l", "old_alias_name": "n", "new_alias_name": "m"}
        ]
    },
    "POST /users/identify": {
        "aliases_to_identify": [
            {
                "external_id": "new",
                "user_alias": {"alias_label": "l", "alias_name": "n"},
            }
        ]
    },
    "POST /users/merge": {
        "merge_updates": [
            {
                "identifier_to_merge": {"external_id": "one"},
                "identifier_to_keep": {"external_id": "other"},
            }
        ]
    },
    "POST /users/delete": {"external_ids": ["one"]},
    "POST /users/external_ids/rename": {
        "external_id_renames": [
            {"current_external_id": "one", "new_external_id": "new"}
        ]
    },
    "POST /users/external_ids/remove": {"external_ids": ["old"]},
    "POST /subscription/status/set": {
        "subscription_group_id": "g",
        "subscription_state": "subscribed",
        "external_id": ["one"],
    },
    "POST /v2/subscription/status/set": {
        "subscription_groups": [
            {
                "subscription_group_id": "g",
                "subscription_state": "subscribed",
                "external_ids": ["one"],
            }
        ]
    },
    "POST /catalogs": {
        "catalogs": [{"name": "new", "fields": [{"name": "id", "type": "string"}]}]
    },
    "DELETE /catalogs/shop": None,
    "POST /catalogs/shop/fields": {"fields": [{"name": "size", "type": "string"}]},
    "DELETE /catalogs/shop/fields/title": None,
    "POST /catalogs/shop/items": {"items": [{"id": "new"}]},
    "PATCH /catalogs/shop/items": {"items": [{"id": "p1", "title": "new"}]},
    "PUT /catalogs/shop/items": {"items": [{"id": "p1"}]},
    "DELETE /catalogs/shop/items": {"items": [{"id": "p1"}]},
    "POST /catalogs/shop/items/new": {"items": [{"title": "new"}]},
    "PATCH /catalogs/shop/items/p1": {"items": [{"title": "new"}]},
    "PUT /catalogs/shop/items/p1": {"items": [{"title": "new"}]},
    "DELETE /catalogs/shop/items/p1": None,
    "POST /partners/acme/cohorts": {"cohort_id": "new", "name": "New"},
    "POST /partners/acme/cohorts/users": {
        "cohort_id": "c1",
        "cohort_changes": [{"user_ids": ["one"]}],
    },
}
SECRETS = {
    "partner_api_key": "sandbox-partner-key",
    "client_secret": "sandbox-import-key",
}


def send(
    sandbox: Sandbox, name: str, body: Any = None, headers: Any = None
) -> requests.Response:
    """Send one request to an endpoint named by its verb and path."""
    method, path = name.split()
    if PARTNER in path and isinstance(body, dict):
        body = {**SECRETS, **body}
    return requests.request(
        method,
        f"{sandbox.url}{path.replace('*', 'x')}",
        json=body,
        headers=KEY if headers is None else headers,
        timeout=5,
        allow_redirects=False,
    )


def prepare(sandbox: Sandbox) -> None:
    """Fill the workspace with something that each of the writes changes."""
    alias = {"alias_name": "n", "alias_label": "l"}
    tracker(sandbox)(
        {"external_id": "one"},
        {"external_id": "other"},
        {"external_id": "old"},
        {"user_alias": alias, "_update_existing_only": False},
    )
    renames = [{"current_external_id": "old", "new_external_id": "renamed"}]
    fields = [{"name": "id", "type": "string"}, {"name": "title", "type": "string"}]
    for name, body in [
        ("POST /users/external_ids/rename", {"external_id_renames": renames}),
        ("POST /catalogs", {"catalogs": [{"name": "shop", "fields": fields}]}),
        ("PUT /catalogs/shop/items", {"items": [{"id": "p1", "title": "Tyre"}]}),
        ("POST /partners/acme/cohorts", {"cohort_id": "c1", "name": "One"}),
    ]:
        assert send(sandbox, name, body).ok


def everything(sandbox: Sandbox) -> Any:
    """All that a write can change."""
    catalogs = send(sandbox, "GET /catalogs").json()["catalogs"]
    fields = [[field["name"] for field in one["fields"]] for one in catalogs]
    return sandbox.profiles(), sandbox.catalogs(), sandbox.cohorts(), fields


def test_every_write_of_the_table_is_tried() -> None:
    tried = {
        name.replace("/shop", "/*")
        .replace("acme", "*")
        .replace("/p1", "/*")
        .replace("/title", "/*")
        .replace("items/new", "items/*")
        for name in WRITES
    }
    reads = {name for name in NAMES if name.startswith("GET") or "export" in name}
    assert tried == set(NAMES) - reads


@pytest.mark.parametrize("name", KEYED)
def test_a_wrong_key_is_echoed_with_empty_rate_headers(
    sandbox: Sandbox, name: str
) -> None:
    answer = send(sandbox, name, {}, {"Authorization": "Bearer wrong"})
    told = [answer.headers[f"x-ratelimit-{one}"] for one in ("limit", "reset")]
    assert (answer.status_code, answer.json(), told) == (
        401,
        {"message": "Invalid API key: wrong"},
        ["", ""],
    )


@pytest.mark.parametrize("name", KEYED)
def test_every_endpoint_needs_its_permission(start: Start, name: str) -> None:
    answer = send(start(permissions=["segments.list"]), name, {})
    assert (answer.status_code, answer.json()) == (403, {"message": "Access Denied"})


@pytest.mark.parametrize(
    ("permission", "name"),
    [
        ("subscription.status.set", "POST /v2/subscription/status/set"),
        ("subscription.status.set", "POST /subscription/status/set"),
        ("catalogs.replace_items", "PUT /catalogs/*/items"),
        ("catalogs.delete_items", "DELETE /catalogs/*/items"),
        ("users.alias.new", "POST /users/alias/new"),
        ("users.delete", "POST /users/delete"),
    ],
)
def test_a_permission_is_of_its_endpoint(
    start: Start, permission: str, name: str
) -> None:
    sandbox = start(permissions=[permission])
    allowed = [one for one in KEYED if send(sandbox, one, {}).status_code != 403]
    assert name in allowed
    assert len(allowed) == (2 if "subscription" in permission else 1)


@pytest.mark.parametrize("body", [[], "text", None, 7])
@pytest.mark.parametrize("name", [name for name in WRITES if WRITES[name]])
def test_a_strange_body_is_answered(sandbox: Sandbox, name: str, body: Any) -> None:
    prepare(sandbox)
    assert 400 <= send(sandbox, name, body).status_code < 500


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_applied(sandbox: Sandbox, name: str) -> None:
    prepare(sandbox)
    before = everything(sandbox)
    assert send(sandbox, name, WRITES[name]).ok
    assert everything(sandbox) != before


@pytest.mark.parametrize("kind", ["lost_answer", "500_applied", "500", "429_epoch"])
@pytest.mark.parametrize("name", WRITES)
def test_a_fault_applies_a_write_exactly_when_it_says_so(
    sandbox: Sandbox, name: str, kind: str
) -> None:
    prepare(sandbox)
    before = everything(sandbox)
    sandbox.set_faults({"script": [kind]})
    try:
        assert not send(sandbox, name, WRITES[name]).ok
    except requests.ConnectionError:
        assert kind == "lost_answer"
    assert (everything(sandbox) != before) is KINDS[kind].is_applied


def test_reads_are_spared(start: Start) -> None:
    sandbox = start(faults={"rates": {"500": 1}})
    assert send(sandbox, "GET /catalogs").status_code == 200


def test_paths_choose_by_pattern(start: Start) -> None:
    sandbox = start(faults={"rates": {"500": 1}, "paths": ["/catalogs/*/items"]})
    statuses = [
        send(sandbox, name, {}).status_code
        for name in ("PUT /catalogs/*/items", "DELETE /catalogs/*")
    ]
    assert statuses == [500, 404]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("POST /users/delete", {"external_ids": ["a", "customer-13"]}),
        (
            "POST /users/external_ids/rename",
            {
                "external_id_renames": [
                    {"current_external_id": "a", "new_external_id": "customer-13"}
                ]
            },
        ),
        ("PUT /catalogs/*/items", {"items": [{"id": "customer-13"}]}),
    ],
)
def test_poison_fails_a_request_of_any_kind(
    start: Start, name: str, body: dict[str, Any]
) -> None:
    answer = send(start(faults={"poison": "customer-13"}), name, body)
    assert answer.json() == {"message": "The request could not be processed"}


# -- rates


def test_pools_are_shared_as_braze_shares_them(start: Start) -> None:
    sandbox = start(limits={"identity": (1, 60), "catalogs": (1, 60)}, clock=Clock())
    statuses = [
        send(sandbox, name, WRITES.get(name)).status_code
        for name in (
            "POST /users/alias/new",
            "POST /users/delete",
            "GET /catalogs",
            "POST /catalogs",
            "POST /users/external_ids/remove",
        )
    ]
    assert statuses == [201, 429, 200, 429, 201]


def test_a_pool_tells_its_own_limit_as_an_epoch(start: Start) -> None:
    sandbox = start(dialect="seconds", clock=lambda: 1_800_000_010.0)
    headers = send(sandbox, "GET /catalogs").headers
    told = [headers[f"x-ratelimit-{one}"] for one in ("limit", "remaining", "reset")]
    assert told == ["50", "49", "1800000060"]


def test_a_wait_for_one_pool_is_none_for_another(start: Start) -> None:
    sandbox = start(limits={"catalogs": (1, 60)}, clock=Clock())
    for _ in range(2):
        send(sandbox, "GET /catalogs")
    time.sleep(0.06)
    tracker(sandbox)(customer())
    assert sandbox.meters()["early"] == 0


def test_limits_can_be_switched_off(start: Start) -> None:
    sandbox = start(limits="none")
    statuses = {send(sandbox, "GET /catalogs").status_code for _ in range(60)}
    assert statuses == {200}


def test_an_unknown_pool_is_named() -> None:
    with pytest.raises(ValueError, match="Did you mean 'catalogs'"):
        Sandbox(limits={"catalog": None})


# -- what is seen, and when


def test_the_export_lags(start: Start, clock: Clock) -> None:
    sandbox = start(export_seconds=4, clock=clock)
    track = tracker(sandbox)
    seen = []
    track(customer(email="old@example.com"))
    for email in ("new@example.com", "newer@example.com"):
        seen.append(export(sandbox, external_ids=["customer-1"]).get("users"))
        clock.now += 4
        track(customer(email=email))
    seen.append(export(sandbox, external_ids=["customer-1"])["users"])
    emails = [[user["email"] for user in users] for users in seen]
    assert emails == [[], ["old@example.com"], ["new@example.com"]]


def test_the_most_requests_in_flight_for_one_user_are_metered(start: Start) -> None:
    sandbox = start(faults={"rates": {"slow": 1}, "slow_seconds": 0.4})
    gate = threading.Barrier(4)

    def write(number: int) -> None:
        gate.wait()
        tracker(sandbox)(customer(number), customer(number + 10))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    alone = sandbox.meters()["same_user_in_flight"]

    def delete(number: int) -> None:
        gate.wait()
        if number:
            tracker(sandbox)(customer(1), customer(number + 10))
        else:
            body = {"external_ids": ["customer-1"]}
            send(sandbox, "POST /users/delete", body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(delete, range(4)))
    assert (alone, sandbox.meters()["same_user_in_flight"]) == (1, 4)


def test_a_reset_amid_a_request_does_no_harm(start: Start) -> None:
    sandbox = start(faults={"rates": {"slow": 1}, "slow_seconds": 0.3})
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(tracker(sandbox), customer())
        while not sandbox.requests():
            time.sleep(0.01)
        sandbox.reset()
        assert answer.result().status_code == 201


@pytest.mark.parametrize(
    ("one", "other", "most"),
    [
        ({"email": "ada@example.com"}, {"email": "Ada@example.com"}, 2),
        ({"external_id": None, "phone": "+3900"}, {"phone": "+3900"}, 2),
        ({"external_id": "a"}, {"external_id": "b"}, 1),
    ],
    ids=repr,
)
def test_who_is_the_same_user(start: Start, one: Any, other: Any, most: int) -> None:
    sandbox = start(faults={"rates": {"slow": 1}, "slow_seconds": 0.4})
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(tracker(sandbox), sent) for sent in (one, other)]
        assert [answer.result().status_code for answer in answers] == [201, 201]
    assert sandbox.meters()["same_user_in_flight"] == most
