"""The sandbox's own routes: for the page, and for tests in other processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox, admin
from runner.sandbox.faults import read
from runner.sandbox.state import Settings, State
from runner.sandbox.wire import Request

from .conftest import Track, customer, tracker
from .test_endpoints import prepare
from .test_objects import EVENT, PURCHASE

Start = Callable[..., Sandbox]


def get(sandbox: Sandbox, path: str) -> Any:
    """Read one of the sandbox's own routes."""
    return requests.get(f"{sandbox.url}{path}", timeout=5).json()


@pytest.mark.parametrize(
    "name",
    [
        "profiles",
        "requests",
        "meters",
        "bodies",
        "events",
        "purchases",
        "catalogs",
        "cohorts",
    ],
)
def test_what_python_sees_is_seen_over_http(sandbox: Sandbox, name: str) -> None:
    prepare(sandbox)
    tracker(sandbox)(attributes=[customer()], events=[EVENT], purchases=[PURCHASE])
    assert getattr(sandbox, name)()
    assert get(sandbox, f"/sandbox/{name}") == getattr(sandbox, name)()


def test_faults_are_set_and_read_over_http(sandbox: Sandbox, track: Track) -> None:
    config = {"script": ["500"]}
    requests.put(f"{sandbox.url}/sandbox/faults", json=config, timeout=5)
    assert (get(sandbox, "/sandbox/faults"), track(customer()).status_code) == (
        config,
        500,
    )


@pytest.mark.parametrize("body", ["[]", "{", '{"script": ["50"]}', '"storm"'])
def test_bad_faults_are_refused_over_http(sandbox: Sandbox, body: str) -> None:
    answer = requests.put(f"{sandbox.url}/sandbox/faults", data=body, timeout=5)
    assert (answer.status_code, get(sandbox, "/sandbox/faults")) == (400, {})


def test_reset_over_http(sandbox: Sandbox, track: Track) -> None:
    track(customer())
    requests.post(f"{sandbox.url}/sandbox/reset", timeout=5)
    assert sandbox.profiles() == {}


def test_the_sandbox_does_not_count_its_own_routes(sandbox: Sandbox) -> None:
    get(sandbox, "/sandbox/meters")
    assert sandbox.requests() == []


def test_an_unknown_own_route_is_not_found(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/sandbox/no", timeout=5).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:1"])
def test_a_local_host_name_is_served(sandbox: Sandbox, host: str) -> None:
    answer = requests.get(
        f"{sandbox.url}/sandbox/meters", headers={"Host": host}, timeout=5
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:1", "[", ""])
def test_a_strange_host_name_is_refused(sandbox: Sandbox, host: str) -> None:
    answer = requests.get(
        f"{sandbox.url}/sandbox/meters", headers={"Host": host}, timeout=5
    )
    assert answer.status_code == 403


def test_a_foreign_host_name_is_refused(sandbox: Sandbox, track: Track) -> None:
    """Else a web page could read profiles by a DNS name that points here."""
    track(customer())
    answer = requests.get(
        f"{sandbox.url}/sandbox/profiles",
        headers={"Host": "evil.example:8025"},
        timeout=5,
    )
    assert (answer.status_code, "customer" in answer.text) == (403, False)


def test_another_machine_is_refused() -> None:
    request = Request(
        method="GET",
        path="/sandbox/profiles",
        query={},
        headers={"host": "127.0.0.1:8025"},
        body=b"",
        bytes=0,
        received_at=0.0,
        is_last=False,
    )
    state = State(Settings(), read(None))
    assert admin.respond(state, request, peer="192.0.2.7").status == 403


def test_the_page_is_self_contained(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.url, timeout=5)
    assert "//" not in page.text.replace("// Text only", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_page_never_parses_what_was_received_as_html(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.url, timeout=5).text
    assert not [
        word for word in ("innerHTML", "outerHTML", "document.write") if word in page
    ]


@pytest.mark.parametrize("text", ["CUSTOMER-2", "lovelace", "ada@", "Ada"])
def test_the_page_finds_people(sandbox: Sandbox, track: Track, text: str) -> None:
    track(
        customer(1),
        customer(2, email="ada@example.com", first_name="Ada", last_name="Lovelace"),
    )
    found = get(sandbox, f"/sandbox/overview?search={text}")["profiles"]
    assert [row["key"] for row in found] == ["customer-2"]


def test_the_page_lists_who_changed_last_first(sandbox: Sandbox, track: Track) -> None:
    track(customer(1), customer(2), customer(1))
    rows = get(sandbox, "/sandbox/overview")["profiles"]
    assert [row["key"] for row in rows] == ["customer-1", "customer-2"]


def test_a_profile_tells_its_last_changes(sandbox: Sandbox, track: Track) -> None:
    track(customer(plan="gold"))
    track(customer(level=1, time_zone="Mars/Phobos"))
    changes = get(sandbox, "/sandbox/profile?key=customer-1")["changes"]
    told = [
        (change["request"], change["written"], change["ignored"]) for change in changes
    ]
    assert told == [
        (2, ["level"], {"time_zone": "not a time zone"}),
        (1, ["plan"], {}),
    ]


def test_a_profile_without_external_id_is_found_by_its_key(
    sandbox: Sandbox, track: Track
) -> None:
    track({"email": "ada@example.com"})
    (key,) = sandbox.profiles()
    assert get(sandbox, f"/sandbox/profile?key={key}")["profile"]["email"]


def test_two_sandboxes_share_nothing(start: Start) -> None:
    one, other = start(), start()
    tracker(one)(customer())
    assert other.profiles() == {}


def test_a_stopped_sandbox_can_still_be_asked(start: Start) -> None:
    sandbox = start()
    tracker(sandbox)(customer())
    sandbox.stop()
    assert list(sandbox.profiles()) == ["customer-1"]


def test_a_stopped_sandbox_refuses_connections(start: Start) -> None:
    sandbox = start()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=5)


def test_an_integer_beyond_the_browsers_numbers_is_told_exactly(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(big=9007199254740993, ids=[9007199254740993], name="9", one=1.0))
    texts = get(sandbox, "/sandbox/profile?key=customer-1")["custom_texts"]
    assert texts == {
        "big": "9007199254740993",
        "ids": "[9007199254740993]",
        "name": "9",
        "one": "1.0",
    }


def test_a_request_tells_who_was_rejected_and_why(
    sandbox: Sandbox, track: Track
) -> None:
    track(customer(1), customer(2, email="bad"), {"plan": "gold"})
    (request,) = get(sandbox, "/sandbox/overview")["requests"]
    told = [(one["array"], one["index"], one["who"]) for one in request["refused"]]
    assert told == [("attributes", 1, "customer-2, bad"), ("attributes", 2, "")]
    assert "not a valid email" in request["refused"][0]["why"]


def test_a_request_without_an_object_is_noted(sandbox: Sandbox, track: Track) -> None:
    track()
    track(customer())
    noted = [one["empty"] for one in get(sandbox, "/sandbox/overview")["requests"]]
    assert noted == [False, True]


def test_the_page_tells_the_key_to_use(start: Start) -> None:
    assert get(start(api_key="mine"), "/sandbox/overview")["api_key"] == "mine"


def test_the_page_tells_catalogs_and_cohorts(sandbox: Sandbox) -> None:
    prepare(sandbox)
    data = get(sandbox, "/sandbox/overview")
    assert data["catalogs"] == [{"name": "shop", "field_count": 2, "item_count": 1}]
    assert data["cohorts"] == [{"id": "c1", "name": "One", "members": 0}]


def test_a_catalog_tells_its_fields_and_items(sandbox: Sandbox) -> None:
    prepare(sandbox)
    told = get(sandbox, "/sandbox/catalog?name=shop")
    assert told["fields"] == {"id": "string", "title": "string"}
    assert told["shown"] == {"p1": '{"id":"p1","title":"Tyre"}'}
    assert get(sandbox, "/sandbox/catalog?name=no") == {"message": "No such catalog"}


def test_a_profile_tells_its_last_events_and_purchases(
    sandbox: Sandbox, track: Track
) -> None:
    for number in range(12):
        track(events=[{**EVENT, "properties": {"big": 9007199254740993 + number}}])
    track(purchases=[PURCHASE])
    told = get(sandbox, "/sandbox/profile?key=u")
    texts = [one["text"] for one in told["last_events"]]
    assert (len(texts), texts[0]) == (10, '{"big":9007199254741004}')
    assert told["last_purchases"][0]["text"] == "1 \N{MULTIPLICATION SIGN} 9.5 EUR"
