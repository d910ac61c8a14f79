"""What becomes of a value on its way: nulls, objects, arrays, times and numbers."""

from __future__ import annotations

from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop

from .objects import Objects, writes


def test_null_takes_away_blank_stays_and_missing_leaves_alone(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 8."""
    objects.fill("people", [("p1", "gold", 1), ("p2", "gold", 2), ("p3", "gold", 3)])
    objects.deliver(sandbox, "people")
    objects.fill("people", [("p1", None, 1), ("p2", "", 2), ("p3", "gold", 4)])

    objects.deliver(sandbox, "people")

    sent = writes(sandbox, "/users/track")[-1]["attributes"]
    assert sorted(sent, key=lambda one: str(one["external_id"])) == [
        {"external_id": "p1", "tier": None},
        {"external_id": "p2", "tier": ""},
        {"external_id": "p3", "points": 4},
    ]
    held = {key: one["custom_attributes"] for key, one in sandbox.profiles().items()}
    assert held == {
        "p1": {"points": 1},
        "p2": {"tier": "", "points": 2},
        "p3": {"tier": "gold", "points": 4},
    }


def columns(objects: Objects, expressions: str) -> None:
    """Let the mart of people be one person with these columns."""
    objects.sql(
        "create or replace table main.people as "
        f"select 'p1' as external_id, {expressions}"
    )


def custom(sandbox: Sandbox, key: str = "p1") -> dict[str, Any]:
    return dict(sandbox.profiles()[key]["custom_attributes"])


def test_a_null_in_an_object_does_not_cost_the_object(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 9: Braze drops the whole update of an object that holds one."""
    columns(
        objects,
        "{'city': 'Ulm', 'street': cast(null as varchar)} as home, 1 as points",
    )

    assert objects.deliver(sandbox, "people") == 1

    assert custom(sandbox) == {"home": {"city": "Ulm"}, "points": 1}


def test_an_array_in_another_order_or_with_a_value_twice_is_no_change(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 11: Braze keeps each value once, the last added at the end."""
    objects.fill("lists", [("p1", ["gold", "new", "vip"], None)])
    objects.deliver(sandbox, "lists")
    objects.fill("lists", [("p1", ["vip", "new", "gold", "vip"], None)])

    assert objects.deliver(sandbox, "lists") == 0

    objects.fill("lists", [("p1", ["vip", "late", "late"], None)])
    objects.deliver(sandbox, "lists")
    assert writes(sandbox, "/users/track")[-1]["attributes"] == [
        {"external_id": "p1", "audiences": {"add": ["late"], "remove": ["gold", "new"]}}
    ]
    assert set(custom(sandbox)["audiences"]) == {"vip", "late"}


def test_an_element_that_changed_is_updated_and_not_removed_and_added(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 10: Braze adds before it removes, so the new element would be gone."""
    orders = [
        {"id": f"o{number}", "state": "open", "note": "x" * 200} for number in range(3)
    ]
    objects.fill("lists", [("p1", None, orders)])
    objects.deliver(sandbox, "lists")
    changed = [orders[0] | {"state": "paid"}, orders[2], orders[1] | {"id": "o9"}]
    objects.fill("lists", [("p1", None, changed)])

    objects.deliver(sandbox, "lists")

    (sent,) = writes(sandbox, "/users/track")[-1]["attributes"]
    assert {step: len(parts) for step, parts in sent["orders"].items()} == {
        "$add": 1,
        "$remove": 1,
        "$update": 1,
    }
    held = {order["id"]: order["state"] for order in custom(sandbox)["orders"]}
    assert held == {"o0": "paid", "o2": "open", "o9": "open"}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_times_travel_in_utc_whatever_the_zone_of_the_machine(
    objects: Objects, sandbox: Sandbox, zone: str
) -> None:
    """Trap 12: Braze reads a time without a zone as UTC, whatever was meant."""
    columns(
        objects,
        "timestamp '2026-01-01 08:00:00' as plain, "
        "timestamptz '2026-01-01 08:00:00+02' as zoned, date '2026-01-01' as day",
    )

    # A process of its own: this one has read its zone already.
    pushed = Shop.runner(
        objects, "push", "--yes", "-s", "people", sandbox=sandbox, env={"TZ": zone}
    )

    assert pushed.code == 0, pushed.err
    assert custom(sandbox) == {
        "plain": "2026-01-01T08:00:00.000Z",
        "zoned": "2026-01-01T06:00:00.000Z",
        "day": "2026-01-01",
    }


def test_numbers_travel_as_numbers(objects: Objects, sandbox: Sandbox) -> None:
    """Trap 13: a decimal as text would make a text attribute, for good."""
    columns(
        objects,
        "cast(5 as decimal(18, 2)) as money, 12345678901234567890::hugeint as big, "
        "0.1::double as share, true as flag, '5' as code",
    )

    objects.deliver(sandbox, "people")

    assert custom(sandbox) == {
        "money": 5,
        "big": 12345678901234567890,
        "share": 0.1,
        "flag": True,
        "code": "5",
    }
    assert custom(sandbox)["flag"] is True


def test_somebody_with_an_alias_alone_is_created(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 15: unless told otherwise, Braze ignores an unknown alias."""
    objects.fill("subscribers", [("Ada", "login", "gold"), ("ada", "login", "blue")])

    assert objects.deliver(sandbox, "subscribers") == 2

    found = {
        profile["user_aliases"][0]["alias_name"]: profile["custom_attributes"]
        for profile in sandbox.profiles().values()
    }
    assert found == {"Ada": {"tier": "gold"}, "ada": {"tier": "blue"}}
