"""`runner unknown settle`: what Currents brings back has arrived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, NearShop
from tests.currents.files import Desk

from .conftest import load
from .told import Event, came_back, event, write_files

SETTLE = ("unknown", "settle", "--format", "json")
NOW = datetime.now(UTC)
PARKED = {"v1", "v2", "v3", "v4", "v5", "s1", "s2"}


def keys(shop: NearShop, table: str) -> set[str]:
    """The keys of the parked syncs in a table of the ledger."""
    rows = shop.sql(
        f"select row_key from {LEDGER}.{table} where sync in ('visits', 'sales')"
    )
    return {key for (key,) in rows}


def every_hour() -> Iterator[Event]:
    """What others do: a file of both types for each of the last hours."""
    fields = {"name": "seen", "product_id": "hat", "price": 1.0, "currency": "EUR"}
    for hours in range(30):
        at = NOW - timedelta(hours=hours)
        for kind in ("CustomEvent", "Purchase"):
            yield event(f"users.behaviors.{kind}", at, "x", properties="{}", **fields)


@pytest.fixture
def loaded(before: NearShop) -> NearShop:
    """Three of the parked rows came back within the hour."""
    events = chain(came_back(NOW), every_hour())
    load(before, write_files(before.directory, events, "back"))
    return before


def later(shop: NearShop, hours: int) -> None:
    """Let Currents go on for so many hours after the rows were sent."""
    shop.sql(
        f"update {LEDGER}.ledger_unknown_rows "
        f"set unknown_at = unknown_at - interval {hours} hour"
    )
    shop.sql(
        f"update {LEDGER}.ledger_runs "
        f"set started_at = started_at - interval {hours} hour"
    )


def test_what_came_back_counts_as_sent_and_never_leaves_again(
    loaded: NearShop, sandbox: Sandbox
) -> None:
    assert keys(loaded, "ledger_unknown_rows") == PARKED

    run = loaded.runner(*SETTLE)

    assert run.code == 0, run.err
    assert (run.json["settled"], run.json["waiting"]) == (3, 4)
    assert run.json["not_seen"] == run.json["not_loaded"] == []
    assert keys(loaded, "ledger_sent_rows") == {"v1", "v2", "s1"}
    assert keys(loaded, "ledger_unknown_rows") == PARKED - {"v1", "v2", "s1"}
    push = ("push", "--yes", "-s", "visits", "-s", "sales")
    assert loaded.runner(*push, sandbox=sandbox).code == 0
    assert sandbox.events() == sandbox.purchases() == []
    assert loaded.runner(*SETTLE).json["settled"] == 0


def test_what_does_not_come_back_is_said_to_be_not_seen_and_stays(
    loaded: NearShop,
) -> None:
    later(loaded, 26)
    patient = loaded.runner(*SETTLE, "-s", "sales", "--after", "48").json
    assert (patient["settled"], patient["not_seen"], patient["waiting"]) == (1, [], 1)

    said = loaded.runner(*SETTLE, "-s", "visits").json

    assert (said["settled"], said["waiting"]) == (2, 0)
    assert [row["row_key"] for row in said["not_seen"]] == ["v3", "v4", "v5"]
    assert set(said["not_seen"][0]) == {"sync", "row_key", "run", "since"}
    assert keys(loaded, "ledger_unknown_rows") == PARKED - {"v1", "v2", "s1"}
    assert loaded.runner("unknown", "settle", "--limit", "1").out.startswith(
        "0 rows arrived and count as sent now.\n"
        "4 rows were not seen; see --resend, --mark-sent.\n"
    )


def test_of_hours_before_the_first_file_nothing_is_said(before: NearShop) -> None:
    load(before, write_files(before.directory, came_back(NOW), "back"))
    later(before, 26)

    said = before.runner(*SETTLE).json

    assert (said["settled"], said["waiting"], said["not_seen"]) == (3, 4, [])


def test_an_event_of_before_the_run_is_another_one(before: NearShop) -> None:
    """The keys of a shop that was set up anew may be those of the old one."""
    long_ago = NOW - timedelta(days=30)
    load(before, write_files(before.directory, came_back(long_ago), "old"))

    assert before.runner(*SETTLE).json["settled"] == 0


def test_a_type_that_was_never_loaded_is_named(before: NearShop) -> None:
    both = chain(came_back(NOW), every_hour())
    events = (each for each in both if each[0].endswith("CustomEvent"))
    load(before, write_files(before.directory, events, "back"))
    later(before, 26)

    said = before.runner(*SETTLE).json

    assert said["not_loaded"] == ["users.behaviors.Purchase"]
    assert said["waiting"] == 2, "of the sales nothing can be known"
    text = before.runner("unknown", "settle").out
    assert "users.behaviors.Purchase was never loaded" in text


def test_files_of_the_future_or_of_other_types_prove_nothing(before: NearShop) -> None:
    """A wrong clock's file, and one of another type, which may come another way."""
    back = list(came_back(NOW))
    ahead = NOW + timedelta(days=3)
    later(before, 26)
    old = NOW - timedelta(hours=26)
    kinds = {kind for kind, _, _ in back}
    visits = [(kind, old, row) for kind, _, row in back]
    strange = [(kind, ahead, row | {"properties": "{}"}) for kind, _, row in back]
    opens = [
        ("users.messages.email.Open", NOW, {"user_id": "u", "external_user_id": None})
    ]
    load(before, write_files(before.directory, iter(visits + strange + opens), "x"))

    said = before.runner(*SETTLE).json

    assert (said["settled"], said["waiting"], said["not_seen"]) == (3, 4, [])
    assert said["covered_until"] == dict.fromkeys(kinds, f"{old:%Y-%m-%dT%HZ}")
    text = before.runner("unknown", "settle").out
    assert f"users.behaviors.Purchase is loaded until {old:%Y-%m-%dT%HZ}." in text


def test_what_a_file_not_read_may_hold_is_not_said_to_be_not_seen(
    before: NearShop,
) -> None:
    later(before, 26)
    sent = NOW - timedelta(hours=26)
    events = chain(came_back(NOW), every_hour())
    files = write_files(before.directory, events, "back")
    bad = Desk(before.directory).path(
        "users.behaviors.CustomEvent", f"{sent:%Y-%m-%d-%H}"
    )
    bad.write_bytes(b"no Avro")
    assert before.runner("currents", "load", str(files)).code == 4

    said = before.runner(*SETTLE).json

    assert (said["settled"], said["waiting"]) == (3, 3)
    assert [row["row_key"] for row in said["not_seen"]] == ["s2"]


def test_before_any_load_it_says_what_to_do(before: NearShop) -> None:
    run = before.runner(*SETTLE)

    assert run.code == 2
    assert "Run: runner currents load PATH" in run.err


def test_options_before_the_word_are_refused(before: NearShop) -> None:
    run = before.runner("unknown", "--resend", "settle")

    assert run.code == 2
    assert "Say options behind settle." in run.err
