"""Guards: a rename of keys is seen, and each guard holds back its own sync alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .objects import Objects, copy_objects, status

PEOPLE = 200


@pytest.fixture(scope="module")
def pushed(built_objects: Objects, tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """A shop whose people were sent once; copy it, never change it."""
    shop = copy_objects(built_objects, tmp_path_factory.mktemp("guards") / "shop")
    shop.sql(
        "insert into main.people "
        f"select 'p' || n, 'gold', n from range({PEOPLE}) as numbers(n)"
    )
    shop.fill("flags", [("p1", True), ("p2", False)])
    with Sandbox() as sandbox:
        shop.deliver(sandbox, "people", "flags")
    return shop


@pytest.fixture
def shop(pushed: Objects, tmp_path: Path) -> Objects:
    return copy_objects(pushed, tmp_path / "shop")


def rename(shop: Objects, percent: int) -> None:
    """Give so many of the people another key."""
    shop.sql(
        "update main.people set external_id = 'new-' || external_id "
        f"where points < {PEOPLE * percent // 100}"
    )


@pytest.mark.parametrize("percent", [100, 50, 11])
def test_keys_that_were_renamed_are_not_sent_as_new_people(
    shop: Objects, sandbox: Sandbox, percent: int
) -> None:
    """Twice as many people, and half of them abandoned: nobody could undo it."""
    rename(shop, percent)

    held = shop.push(sandbox, "people")

    many = PEOPLE * percent // 100
    assert held.code == 3
    assert f"{many} of {PEOPLE} keys vanished and {many} appeared" in held.err
    assert "see docs/identity.md" in held.err
    assert sandbox.requests() == []


def test_some_come_and_some_go_on_any_day(shop: Objects, sandbox: Sandbox) -> None:
    rename(shop, 9)

    assert shop.deliver(sandbox, "people") == PEOPLE * 9 // 100


def test_renamed_keys_can_be_meant(shop: Objects, sandbox: Sandbox) -> None:
    rename(shop, 11)

    approved = ("--approve", shop.plan_id("people"))

    assert shop.deliver(sandbox, "people", options=approved) == 22


def test_many_new_people_are_no_rename(shop: Objects, sandbox: Sandbox) -> None:
    shop.sql("insert into main.people select 'q' || points, tier, points from people")

    assert shop.deliver(sandbox, "people") == PEOPLE


def test_a_guard_holds_back_its_own_sync_alone(shop: Objects, sandbox: Sandbox) -> None:
    """S3-03: the others are delivered; the exit code and the ledger tell of it."""
    shop.sql("insert into main.flags values ('p3', true), ('p3', false)")
    shop.sql("update main.people set tier = 'blue' where points < 5")

    pushed = shop.push(sandbox, "people", "flags")

    assert pushed.code == 3
    assert "flags: 1 key stands in more than one row of the mart (p3)" in pushed.err
    assert "These were held back; the others were sent." in pushed.err
    assert {each["sync"]: each["accepted"] for each in pushed.json["syncs"]} == {
        "flags": 0,
        "people": 5,
    }
    assert status(shop, "flags")["outcome"] == "held"
    ((message,),) = shop.sql(
        f"select message from {LEDGER}.ledger_runs where outcome = 'held'"
    )
    assert "1 key stands in more than one row" in message
    assert not [name for name in shop.ledger() if name.startswith("outbox")]

    shop.fill("flags", [("p1", False), ("p2", False)])
    assert shop.deliver(sandbox, "people", "flags") == 1


def test_a_sync_that_is_held_back_can_be_approved_alone(
    shop: Objects, sandbox: Sandbox
) -> None:
    """The words name the very command."""
    shop.sql("delete from main.flags")
    shop.sql("update main.people set tier = 'blue' where points < 5")

    pushed = shop.push(sandbox, "people", "flags")

    assert pushed.code == 3
    assert "flags: the mart is empty, but 2 rows were sent before." in pushed.err
    assert f"runner push -s flags --approve {shop.plan_id('flags')}" in pushed.err
    approved = ("--approve", shop.plan_id("flags"))
    assert shop.push(sandbox, "flags", options=approved).code == 0
