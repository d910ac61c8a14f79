"""Names and types that Braze would keep for ever: asked about before they leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox

from .objects import Objects, copy_objects


@pytest.fixture(scope="module")
def pushed(built_objects: Objects, tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """A shop whose people were sent once; copy it, never change it."""
    shop = copy_objects(built_objects, tmp_path_factory.mktemp("names") / "shop")
    shop.fill("people", [("p1", "gold", 1), ("p2", "blue", 2)])
    with Sandbox() as sandbox:
        shop.deliver(sandbox, "people")
    return shop


@pytest.fixture
def shop(pushed: Objects, tmp_path: Path) -> Objects:
    return copy_objects(pushed, tmp_path / "shop")


def columns(shop: Objects, expressions: str) -> None:
    """Let the mart have these columns beside the key."""
    shop.sql(
        "create or replace table main.people as "
        f"select external_id, {expressions} from main.people"
    )


def declare_new(shop: Objects, name: str) -> None:
    """Write `new: true` at a column, as the model's YAML does."""

    def change(nodes: dict[str, Any]) -> None:
        column = {"name": name, "config": {"meta": {"new": True}}}
        nodes["model.shop.people"]["columns"][name] = column

    shop.change_manifest(change)


def test_a_new_name_is_asked_about_once(shop: Objects, sandbox: Sandbox) -> None:
    columns(shop, "tier, points, 'x' as segment")

    held = shop.push(sandbox, "people")

    assert held.code == 3
    assert "segment was never sent, and Braze forgets no name." in held.err
    assert "{meta: {new: true}}" in held.err
    assert sandbox.requests() == []
    approved = ("--approve", shop.plan_id("people"))
    assert shop.deliver(sandbox, "people", options=approved) == 2
    columns(shop, "tier, points + 1 as points, segment")
    assert shop.deliver(sandbox, "people") == 2


def test_a_declared_name_is_sent(shop: Objects, sandbox: Sandbox) -> None:
    columns(shop, "tier, points, 'x' as segment")
    declare_new(shop, "segment")

    assert shop.deliver(sandbox, "people") == 2


def test_a_name_like_another_is_refused_and_no_approval_helps(
    shop: Objects, sandbox: Sandbox
) -> None:
    """S4-22: Braze tells `Points` from `points`; no marketer does."""
    columns(shop, 'tier, points as "Points_"')
    declare_new(shop, "Points_")

    held = shop.push(sandbox, "people")
    approved = shop.push(
        sandbox, "people", options=("--approve", shop.plan_id("people"))
    )

    assert (held.code, approved.code) == (3, 3)
    assert "Points_ would be a second attribute beside points" in held.err
    assert sandbox.requests() == []


def test_another_type_of_value_is_asked_about(shop: Objects, sandbox: Sandbox) -> None:
    """Trap 13: Braze keeps the type of the first value, and drops the others."""
    columns(shop, "tier, cast(points as varchar) as points")

    held = shop.push(sandbox, "people")

    assert held.code == 3
    assert "points was a number and is now text" in held.err
    assert sandbox.requests() == []
    approved = ("--approve", shop.plan_id("people"))
    assert shop.deliver(sandbox, "people", options=approved) == 2


def test_a_name_that_left_is_said_and_stops_nothing(
    shop: Objects, sandbox: Sandbox
) -> None:
    columns(shop, "points + 1 as points")

    planned = shop.runner("plan", "-s", "people")

    assert planned.code == 0
    assert "tier left the mart; Braze keeps the values it has." in planned.out
    assert shop.deliver(sandbox, "people") == 2


def test_the_first_run_asks_only_about_names_that_are_alike(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("p1", "gold", 1)])
    columns(objects, "tier, tier as \"Tier_\", 'x' as anything")

    held = objects.push(sandbox, "people")

    assert held.code == 3
    assert "would be two attributes that nobody can tell apart" in held.err
    assert "anything" not in held.err
