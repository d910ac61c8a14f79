"""POST /users/track/bulk: more objects a request, and less said about a bad one."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox

from .conftest import customer, post


def send(sandbox: Sandbox, *attributes: Any, **arrays: Any) -> requests.Response:
    """Send one bulk request."""
    body = arrays or {"attributes": list(attributes)}
    return post(sandbox, "/users/track/bulk", json=body)


def test_1000_objects_are_queued(sandbox: Sandbox) -> None:
    answer = send(sandbox, *(customer(number) for number in range(1000)))
    assert (answer.status_code, answer.json()["attributes_processed"]) == (201, 1000)


@pytest.mark.parametrize(
    "objects",
    [
        [customer(number) for number in range(1001)],
        [customer(1, email=f"{number}@example.com") for number in range(101)],
    ],
    ids=["objects", "objects of one user"],
)
def test_too_many(sandbox: Sandbox, objects: list[Any]) -> None:
    answer = send(sandbox, *objects)
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "Max Input Length Exceeded"},
    )
    assert sandbox.profiles() == {}


def test_more_than_two_megabytes_are_refused(sandbox: Sandbox) -> None:
    answer = send(sandbox, *(customer(n, text="x" * 3000) for n in range(1000)))
    assert (answer.status_code, sandbox.profiles()) == (400, {})


def test_a_bad_object_is_named_without_its_array(sandbox: Sandbox) -> None:
    answer = send(sandbox, customer(1), customer(2, email="nobody"))
    assert [set(error) for error in answer.json()["errors"]] == [{"type", "index"}]
    assert list(sandbox.profiles()) == ["customer-1"]


def test_it_needs_a_permission_of_its_own(sandbox: Sandbox) -> None:
    with Sandbox(permissions=["users.track"]) as other:
        assert send(other, customer()).status_code == 403


def test_50_requests_a_second_are_allowed() -> None:
    with Sandbox(clock=lambda: 1_800_000_000.0) as sandbox:
        statuses = [send(sandbox, customer()).status_code for _ in range(51)]
    assert (set(statuses[:50]), statuses[50]) == ({201}, 429)
