"""What the options of pending_rows() leave in Braze, and in the ledger.

The build runs the unit tests of `tests/attribute_options`, a test for each rule; here
the runner, the ledger and the sandbox take part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import REPOSITORY, NearShop, Shop, build_models, texts, unbuilt

MODELS = REPOSITORY / "tests" / "attribute_options" / "models"


@pytest.fixture(scope="module")
def built(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a sync for each option, built once; its unit tests passed."""
    directory = tmp_path_factory.mktemp("attribute_options")
    build_models(built_shop, directory, texts(MODELS))
    return NearShop(directory)


@pytest.fixture
def shop(built: Shop) -> Iterator[Shop]:
    """The shop, with its mart put back and its ledger emptied afterwards."""
    built.sql("create or replace table main.kept as from main.people")
    yield built
    built.sql("create or replace table main.people as from main.kept")
    for table in ("sent_rows", "suppressed_users"):
        built.sql(f"delete from main_ledger.ledger_{table}")


def push(shop: Shop, sync: str, sandbox: Sandbox) -> int:
    """Push one sync and say how many rows Braze accepted."""
    run = shop.runner("push", "--yes", "-s", sync, "--format", "json", sandbox=sandbox)
    assert run.code == 0, run.out + run.err
    return int(run.json["syncs"][0]["accepted"])


def custom(sandbox: Sandbox, key: str = "p1") -> dict[str, Any]:
    """The custom attributes of one profile."""
    return dict(sandbox.profiles()[key]["custom_attributes"])


def test_arrays_objects_and_keyed_arrays_end_as_in_the_mart(
    shop: Shop, sandbox: Sandbox
) -> None:
    assert push(shop, "nested", sandbox) == 20
    shop.sql("""
        update main.people set
            audiences = ['vip', 'new'],
            home_store = {'city': 'Bonn', 'street': home_store.street, 'floor': 2},
            recent_orders = list_transform(
                range(2, 7),
                lambda id: {
                    'order_id': id,
                    'status': case when id = 3 then 'returned' else 'delivered' end,
                    'channel': 'online shop'
                }
            )
        where external_id = 'p1'
    """)
    payload = shop.sql("select payload from main.nested__pending")[0][0]
    assert "_merge_objects" in payload
    assert "$remove" in payload

    assert push(shop, "nested", sandbox) == 1

    held = custom(sandbox)
    assert held["audiences"] == ["vip", "new"]
    assert held["home_store"] == {
        "city": "Bonn",
        "street": "Lange Straße 1",
        "floor": 2,
    }
    assert [
        (order["order_id"], order["status"]) for order in held["recent_orders"]
    ] == [
        (2, "delivered"),
        (3, "returned"),
        (4, "delivered"),
        (5, "delivered"),
        (6, "delivered"),
    ]
    assert push(shop, "nested", sandbox) == 0


def test_an_element_that_a_lost_answer_added_twice_is_put_right_by_the_next_push(
    shop: Shop, sandbox: Sandbox
) -> None:
    assert push(shop, "nested", sandbox) == 20
    shop.sql("""
        update main.people set recent_orders = list_append(
            recent_orders, {'order_id': 99, 'status': 'new', 'channel': 'online shop'}
        )
        where external_id = 'p1'
    """)
    sandbox.set_faults({"script": ["lost_answer"]})
    assert push(shop, "nested", sandbox) == 1
    doubled = [order["order_id"] for order in custom(sandbox)["recent_orders"]]
    assert doubled.count(99) == 2

    assert push(shop, "nested", sandbox) == 1

    mended = [order["order_id"] for order in custom(sandbox)["recent_orders"]]
    assert mended.count(99) == 1
    assert push(shop, "nested", sandbox) == 0


def test_a_volatile_attribute_waits_and_is_sent_when_its_time_has_come(
    shop: Shop, sandbox: Sandbox
) -> None:
    push(shop, "volatile", sandbox)
    shop.sql("update main.people set propensity = propensity + 1")
    assert push(shop, "volatile", sandbox) == 0

    shop.sql("update main.people set note = 'new' where external_id = 'p1'")
    assert push(shop, "volatile", sandbox) == 1
    assert (custom(sandbox)["note"], custom(sandbox)["propensity"]) == ("new", 0.1)
    assert kept(shop)["propensity"] == 0.1

    shop.sql("""
        update main_ledger.ledger_sent_rows
        set sent_times = '{"propensity":"2020-01-01T00:00:00.000Z"}'
    """)
    assert push(shop, "volatile", sandbox) == 20
    assert custom(sandbox)["propensity"] == 1.1
    assert push(shop, "volatile", sandbox) == 0


def test_a_suppressed_user_is_left_alone(shop: Shop, sandbox: Sandbox) -> None:
    push(shop, "objects", sandbox)
    shop.sql("""
        insert into main_ledger.ledger_suppressed_users (user_hash)
        select sha256('external_id:p1')
    """)
    shop.sql("update main.people set note = 'new'")

    assert push(shop, "objects", sandbox) == 19

    assert custom(sandbox)["note"] == "note 1"


@pytest.mark.parametrize(
    ("mart", "fault"),
    [
        (
            "select 'p1' as external_id",
            "has no column but its key: there is nothing to send",
        ),
        (
            "select 'p1' as external_id, 1 as _null_note, 2 as _ROW_KEY, 3 as note",
            "_null_note is a name of ours, rename the column; ",
        ),
    ],
)
def test_a_mart_that_would_lose_something_is_one_clear_error(
    built_shop: Shop, tmp_path: Path, mart: str, fault: str
) -> None:
    shop = unbuilt(
        built_shop,
        tmp_path / "lone",
        {
            "lone.sql": "{{ config(materialized='table') }} " + mart,
            "lone__pending.sql": "{{ braze_bridge.pending_rows(ref('lone')) }}",
        },
    )

    run = shop.runner("build")

    assert run.code != 0
    assert fault in run.out
    assert "No matching columns" not in run.out


def kept(shop: Shop) -> dict[str, Any]:
    """What the ledger holds of p1."""
    rows = shop.sql(
        "select row_json from main_ledger.ledger_sent_rows where row_key = 'p1'"
    )
    return dict(json.loads(rows[0][0]))
