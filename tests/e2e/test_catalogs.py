"""Catalogs as Braze has them: made, widened, filled, and never believed unseen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .objects import Objects, call, status, writes

SOON = {"RUNNER_VISIBLE_SECONDS": "2"}
"""Sandboxes apply what they accept at once, unless a test delays them."""

ITEMS = "/catalogs/products/items"


@pytest.fixture
def slow_sandbox() -> Iterator[Sandbox]:
    """A Braze that shows new fields a second after it has accepted them."""
    with Sandbox(fields_seconds=1) as server:
        yield server


def products(count: int) -> list[tuple[Any, ...]]:
    return [(f"i{at}", f"Shoe {at}", at / 4, ["shoes"]) for at in range(count)]


def shown(sandbox: Sandbox) -> dict[str, Any]:
    """The items that Braze has."""
    return dict(sandbox.catalogs()["products"]["items"])


def reasons(objects: Objects) -> set[tuple[str, str]]:
    """(key, reason) of what was refused."""
    return set(
        objects.sql(f"select row_key, reason from {LEDGER}.ledger_rejected_rows")
    )


def test_a_catalog_is_made_filled_changed_and_emptied(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Items travel whole, fifty a request: what became null is gone from Braze, too."""
    objects.fill("products", products(120))

    assert objects.deliver(sandbox, "products") == 121
    assert sandbox.catalogs()["products"]["fields"] == {
        **{"id": "string", "title": "string", "price": "number"},
        "tags": "array",
    }
    assert len(shown(sandbox)) == 120
    assert sorted(len(body["items"]) for body in writes(sandbox, ITEMS)) == [20, 50, 50]

    objects.sql("delete from main.products where id = 'i0'")
    objects.sql("update main.products set title = null where id = 'i1'")
    objects.sql("update main.products set price = 9 where id = 'i2'")

    assert objects.deliver(sandbox, "products") == 3
    items = shown(sandbox)
    assert len(items) == 119
    assert "i0" not in items
    assert items["i1"] == {"id": "i1", "price": 0.25, "tags": ["shoes"]}
    assert items["i2"]["price"] == 9
    assert objects.deliver(sandbox, "products") == 0


def test_new_fields_are_added_and_waited_for(
    objects: Objects, slow_sandbox: Sandbox
) -> None:
    """Trap 16: an item that came before its field would be refused."""
    objects.fill("products", products(3))
    objects.deliver(slow_sandbox, "products")
    objects.sql("alter table main.products add column stock integer")
    objects.sql("update main.products set stock = 7")

    assert objects.deliver(slow_sandbox, "products") == 4

    assert slow_sandbox.catalogs()["products"]["fields"]["stock"] == "number"
    assert {item["stock"] for item in shown(slow_sandbox).values()} == {7}
    assert all(one["status"] < 300 for one in slow_sandbox.requests())


def test_fields_that_do_not_show_in_time_hold_the_items_back(objects: Objects) -> None:
    objects.fill("products", products(3))
    with Sandbox(fields_seconds=60) as sandbox:
        objects.deliver(sandbox, "products")
        objects.sql("alter table main.products add column stock integer")
        objects.sql("update main.products set stock = 7")

        late = objects.push(sandbox, "products", env=SOON)

        assert late.code == 4
        assert "so the rest waits" in late.err
        assert len(writes(sandbox, ITEMS)) == 1
    (_, reason) = min(reasons(objects))
    assert "did not show them within 2 s; push again later" in reason


def test_one_bad_item_never_costs_the_other_forty_nine(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 19: Braze refuses the whole request; the others are sent again."""
    objects.fill("products", [("i0", None, 1.0, [])])
    objects.deliver(sandbox, "products")
    call(sandbox, "DELETE", "/catalogs/products/fields/title")
    objects.fill(
        "products", [(f"i{at}", "x" if at == 7 else None, 2.0, []) for at in range(50)]
    )

    pushed = objects.push(sandbox, "products")

    assert pushed.code == 4
    (sync,) = pushed.json["syncs"]
    assert (sync["accepted"], sync["rejected"]) == (49, 1)
    assert shown(sandbox).keys() == {f"i{at}" for at in range(50)} - {"i7"}
    assert [len(body["items"]) for body in writes(sandbox, ITEMS)] == [1, 50, 49]
    (key, reason) = min(reasons(objects))
    assert key == "products/i7"
    assert "title" in reason


def test_an_item_that_spoils_its_request_unnamed_is_found(objects: Objects) -> None:
    objects.fill("products", [*products(49), ("bad-1", "Shoe", 1.0, [])])
    with Sandbox(faults={"poison": "bad-"}) as sandbox:
        pushed = objects.push(sandbox, "products")

        assert pushed.code == 4
        assert len(shown(sandbox)) == 49
    assert {key for key, _ in reasons(objects)} == {"products/bad-1"}


def test_what_was_refused_is_not_looked_for(objects: Objects) -> None:
    """Of what Braze took a sample is read back, and of that alone."""
    bad = [(f"bad-{at}", "Shoe", 1.0, []) for at in range(9)]
    objects.fill("products", [("i1", "Shoe", 1.0, []), *bad])
    with Sandbox(faults={"poison": "bad-"}) as sandbox:
        pushed = objects.push(sandbox, "products", env=SOON)

        assert pushed.code == 4, pushed.err
        assert set(shown(sandbox)) == {"i1"}
    assert len(reasons(objects)) == 9


def test_a_field_that_changed_its_type_is_refused_before_anything_is_sent(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Braze cannot change it; the words say what can be done."""
    objects.fill("products", products(3))
    objects.deliver(sandbox, "products")
    received = len(sandbox.requests())
    objects.sql("alter table main.products alter column price type varchar")

    planned = objects.runner("plan", "-s", "products")
    pushed = objects.push(sandbox, "products")

    assert "1 row cannot be sent as they are" in planned.out
    assert "price is number in Braze and cannot become string" in planned.out
    assert pushed.code == 4
    assert "so the rest waits" in pushed.err
    assert len(sandbox.requests()) == received
    assert reasons(objects) == {
        (
            "products",
            "price is number in Braze and cannot become string: give it a new name, "
            "or delete the catalog there and push with --full-resync",
        )
    }

    objects.sql("alter table main.products alter column price type double")
    assert objects.deliver(sandbox, "products") == 0


def test_a_catalog_that_somebody_else_made_otherwise_is_told(
    objects: Objects, sandbox: Sandbox
) -> None:
    """The warehouse cannot know; Braze's own list of fields is asked."""
    fields = [{"name": "id", "type": "string"}, {"name": "price", "type": "string"}]
    made = {"name": "products", "description": "", "fields": fields}
    call(sandbox, "POST", "/catalogs", {"catalogs": [made]})
    objects.fill("products", products(3))

    pushed = objects.push(sandbox, "products")

    assert pushed.code == 4
    assert "so the rest waits" in pushed.err
    (_, reason) = min(reasons(objects))
    assert "price is a string in Braze and a number here" in reason
    assert shown(sandbox) == {}


def test_a_catalog_deleted_in_braze_is_an_error_with_its_remedy(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("products", products(60))
    objects.deliver(sandbox, "products")
    call(sandbox, "DELETE", "/catalogs/products")
    objects.sql("update main.products set price = 1 where id = 'i5'")

    pushed = objects.push(sandbox, "products")

    assert pushed.code == 1
    assert "404: " in pushed.err
    assert "runner push --full-resync -s SYNC" in pushed.err
    assert status(objects, "products")["pending"] == 1
    assert status(objects, "products")["rejected"] == 0

    resync = ("--full-resync",)
    assert objects.deliver(sandbox, "products", options=resync) == 61
    assert len(shown(sandbox)) == 60


def test_items_lost_in_silence_are_noticed_and_the_next_push_converges(
    objects: Objects,
) -> None:
    """Trap 2: 202 says that a request was understood, not that it was applied."""
    objects.fill("products", products(20))
    lost = {"rates": {"lost_items": 1}, "lost_share": 1, "paths": [ITEMS]}
    with Sandbox(faults=lost) as sandbox:
        pushed = objects.push(sandbox, "products", env=SOON)

        assert pushed.code == 1
        assert "Braze took the items but does not show " in pushed.err
        assert shown(sandbox) == {}
        assert status(objects, "products")["pending"] == 20

        sandbox.set_faults({})
        assert objects.deliver(sandbox, "products") == 20
        assert len(shown(sandbox)) == 20


def test_items_that_show_late_are_waited_for(objects: Objects) -> None:
    objects.fill("products", products(5))
    with Sandbox(items_seconds=1) as sandbox:
        assert objects.deliver(sandbox, "products") == 6
