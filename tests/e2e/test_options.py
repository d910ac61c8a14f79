"""What `on_removed` and `on_null` leave in Braze, and in the ledger."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Shop, build_models

WAITING = "min_interval={'is_member': '2 hours'}"
SYNCS = {
    "stay": "on_removed='ignore'",
    "unset": "on_removed='unset'",
    "flags": "on_removed='false'",
    "waiting_stay": f"on_removed='ignore', {WAITING}",
    "waiting_unset": f"on_removed='unset', {WAITING}",
    "waiting_flags": f"on_removed='false', {WAITING}",
    "keep": "on_null='ignore'",
}
PEOPLE = """\
{{ config(materialized='table') }}
select
    'p' || number as external_id, 'gold' as tier, true as is_member, 'true' as word
from range(20) as numbers(number)
"""


@pytest.fixture(scope="module")
def built(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a sync for each option, built once."""
    files = {"people.sql": PEOPLE}
    meta = "{sync: {destination: braze, object: attributes}}"
    described = "models:\n"
    for name, option in SYNCS.items():
        call = f"{{{{ braze_bridge.pending_rows(ref('people'), {option}) }}}}\n"
        files[f"{name}__pending.sql"] = call
        described += f"  - name: {name}__pending\n    config: {{meta: {meta}}}\n"
    files["syncs.yml"] = described
    directory = tmp_path_factory.mktemp("options")
    build_models(built_shop, directory, files)
    return NearShop(directory)


def after(shop: Shop, sync: str, change: str) -> tuple[dict[str, Any], Any]:
    """Push all as it was, then the change; return p1's attributes and ledger row."""
    shop.sql("create or replace table main.kept as from main.people")
    shop.sql("delete from main_ledger.ledger_sent_rows")
    try:
        with Sandbox() as sandbox:
            shop.runner("push", "--yes", "-s", sync, sandbox=sandbox)
            shop.sql(change)
            shop.runner("push", "--yes", "-s", sync, sandbox=sandbox)
            assert not shop.sql(f"select payload from main.{sync}__pending")
            custom = sandbox.profiles()["p1"].get("custom_attributes", {})
    finally:
        shop.sql("create or replace table main.people as from main.kept")
    rows = shop.sql(
        "select row_json from main_ledger.ledger_sent_rows where row_key = 'p1'"
    )
    return custom, json.loads(rows[0][0]) if rows else None


REMOVED = "delete from main.people where external_id = 'p1'"


def test_unset_takes_every_value_back_and_forgets_the_row(built: Shop) -> None:
    assert after(built, "unset", REMOVED) == ({}, None)


def test_false_lowers_the_flags_and_remembers_the_rest(built: Shop) -> None:
    """A text that says true is no flag, in Braze as in the ledger."""
    left = {"tier": "gold", "is_member": False, "word": "true"}

    assert after(built, "flags", REMOVED) == (left, {"external_id": "p1", **left})


@pytest.mark.parametrize("sync", ["unset", "flags"])
def test_who_left_the_mart_does_not_come_back_into_braze(
    built: Shop, sync: str
) -> None:
    """Somebody deleted the profile meanwhile: taking values back must not make one."""
    built.sql(f"delete from main_ledger.ledger_sent_rows where sync = '{sync}'")
    built.sql("create or replace table main.kept as from main.people")
    try:
        with Sandbox() as sandbox:
            deliver(built, sync, sandbox)
            sandbox.reset()
            built.sql(REMOVED)
            done = built.runner("push", "--yes", "-s", sync, sandbox=sandbox)
            assert (done.code, sandbox.profiles()) == (0, {})
    finally:
        built.sql("create or replace table main.people as from main.kept")
        built.sql(f"delete from main_ledger.ledger_sent_rows where sync = '{sync}'")


def test_an_ignored_null_leaves_the_value_in_braze_and_in_the_ledger(
    built: Shop,
) -> None:
    change = "update main.people set tier = null, word = 'new' where external_id = 'p1'"
    left = {"tier": "gold", "is_member": True, "word": "new"}

    assert after(built, "keep", change) == (left, {"external_id": "p1", **left})


BACK = "insert into main.people from main.kept where external_id = 'p1'"
WHOLE = {"tier": "gold", "is_member": True, "word": "true"}
LOWERED = {"tier": "gold", "is_member": False, "word": "true"}


@pytest.mark.parametrize(
    ("sync", "gone", "back"),
    [
        ("stay", WHOLE, WHOLE),
        ("unset", {}, WHOLE),
        ("flags", LOWERED, WHOLE),
        ("waiting_stay", WHOLE, WHOLE),
        ("waiting_unset", {}, WHOLE),
        ("waiting_flags", LOWERED, LOWERED),
    ],
)
def test_who_comes_back_as_they_were_gets_everything_back(
    built: Shop, sync: str, gone: dict[str, Any], back: dict[str, Any]
) -> None:
    """Twice, since what a removal leaves in the ledger must not stick to the row."""
    built.sql("create or replace table main.kept as from main.people")
    built.sql("delete from main_ledger.ledger_sent_rows")
    try:
        with Sandbox() as sandbox:
            deliver(built, sync, sandbox)
            for _ in range(2):
                built.sql(REMOVED)
                assert deliver(built, sync, sandbox) == gone
                built.sql(BACK)
                assert deliver(built, sync, sandbox) == back
                if "waiting" in sync:
                    built.sql(
                        "update main_ledger.ledger_sent_rows "
                        'set sent_times = \'{"is_member":"2020-01-01T00:00:00.000Z"}\''
                    )
                assert deliver(built, sync, sandbox) == WHOLE
    finally:
        built.sql("create or replace table main.people as from main.kept")


def deliver(shop: Shop, sync: str, sandbox: Sandbox) -> dict[str, Any]:
    """Push, after which nothing is pending; return p1's attributes."""
    done = shop.runner("push", "--yes", "-s", sync, sandbox=sandbox)
    assert done.code == 0, done.out + done.err
    assert not shop.sql(f"select payload from main.{sync}__pending")
    return dict(sandbox.profiles()["p1"].get("custom_attributes", {}))
