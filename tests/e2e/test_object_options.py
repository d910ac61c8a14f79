"""What the options of pending_events() and its siblings put into a request."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import REPOSITORY, NearShop, Shop, build_models, texts

MODELS = REPOSITORY / "tests" / "object_options" / "models"
ALIAS = {"alias_name": "card-1", "alias_label": "card"}


@pytest.fixture(scope="module")
def built(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a sync for each option, built once."""
    directory = tmp_path_factory.mktemp("object_options")
    build_models(built_shop, directory, texts(MODELS))
    return NearShop(directory)


def row(shop: Shop, sync: str, key: str = "e1") -> tuple[dict[str, Any], str]:
    """The payload and the user of one pending row."""
    ((payload, user),) = shop.sql(
        f"select payload, user_key from main.{sync}__pending where row_key = '{key}'"
    )
    return json.loads(payload), user


@pytest.mark.parametrize(
    ("sync", "flag"),
    [
        ("mail_events", None),
        ("skipping_mail_events", True),
        # Of itself Braze leaves an unknown alias alone.
        ("alias_events", False),
        ("skipping_alias_events", True),
        ("alias_purchases", True),
        ("alias_increments", False),
    ],
)
def test_unknown_people_are_created_or_left_alone(
    built: Shop, sync: str, *, flag: bool | None
) -> None:
    payload, _ = row(built, sync)

    assert payload.get("_update_existing_only") is flag


def test_an_event_says_whose_it_is_by_any_identifier(built: Shop) -> None:
    mail, mail_user = row(built, "mail_events")
    alias, alias_user = row(built, "alias_events")

    assert (mail["email"], mail_user) == ("p1@Example.com", "email:p1@example.com")
    assert (alias["user_alias"], alias_user) == (ALIAS, "user_alias:card:card-1")
    assert alias["properties"] == {"page": 1, "event_id": "e1"}


def test_events_by_alias_reach_one_new_profile_each(
    built: Shop, sandbox: Sandbox
) -> None:
    arguments = ("push", "--yes", "-s", "alias_events", "--format", "json")

    first = built.runner(*arguments, sandbox=sandbox)
    again = built.runner(*arguments, sandbox=sandbox)

    assert first.json["syncs"][0]["accepted"] == 3, first.out + first.err
    assert again.json["syncs"][0]["requests"] == 0
    assert len(sandbox.profiles()) == 3


def test_an_event_set_aside_for_its_time_is_offered_once_that_has_come(
    built: Shop,
) -> None:
    pending = "select problem from main.skipping_mail_events__pending"
    built.sql("create or replace table main.kept_events as from main.events")
    built.sql("""
        update main.events
        set time = timezone('UTC', now()) + interval '5 minutes 3 seconds'
    """)
    built.sql("""
        insert into main_ledger.ledger_rejected_rows
            (sync, row_key, row_hash, status, attempts, reason)
        select 'skipping_mail_events', row_key, row_hash, 'not sent', 1, problem
        from main.skipping_mail_events__pending
        where problem = 'time lies in the future'
    """)
    try:
        assert built.sql(pending) == []
        time.sleep(3)
        assert built.sql(pending) == [(None,)] * 3
    finally:
        built.sql("delete from main_ledger.ledger_rejected_rows")
        built.sql("create or replace table main.events as from main.kept_events")


def test_an_item_that_left_the_mart_is_kept_when_asked(built: Shop) -> None:
    built.sql("""
        insert into main_ledger.ledger_sent_rows (sync, row_key, row_hash, row_json)
        values ('kept_items', 'shoes/P9', 'x', '{"id":"P9"}')
    """)

    changes = built.sql(
        "select row_key, change from main.kept_items__pending order by 1"
    )

    assert changes == [("shoes", "added"), ("shoes/P1", "added")]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("pending_events(ref('events'), user='name')", "user 'name' is none of"),
        ("pending_events(ref('events'), '_payload')", "may call a column _payload"),
        ("pending_catalog_items(ref('items'), 'our shoes')", "catalog 'our shoes'"),
    ],
)
def test_a_mistake_in_an_argument_is_named(
    call: str, sentence: str, built: Shop
) -> None:
    mistake = built.directory / "models" / "mistake__pending.sql"
    mistake.write_text(f"{{{{ braze_bridge.{call} }}}}", encoding="utf-8")
    try:
        run = built.runner("build", "-s", "mistake__pending")
    finally:
        mistake.unlink()

    assert run.code != 0
    assert sentence in run.out + run.err
