"""What is bound to a statement is never much longer than Snowflake advises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import erasure
from runner.ledger import Ack, Ledger
from runner.movable_ink.visitors import visitors_of
from runner.verifying import verify
from runner.warehouse import words
from runner.warehouse.words import portions

from .test_idle_push import sync_of
from .test_recovery import ledger  # noqa: F401 - a fixture

MANY = 200


@pytest.fixture
def longest(
    ledger: Ledger,  # noqa: F811 - pytest's way
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, int]:
    """The bytes of the longest parameter so far, where a thousand are much."""
    monkeypatch.setattr(words, "PORTION_BYTES", 1_000)
    found = {"bytes": 0}
    execute = ledger.connection.execute

    def measured(statement: str, parameters: Any = ()) -> Any:
        for each in parameters:
            text = each if isinstance(each, str) else json.dumps(each, default=str)
            found["bytes"] = max(found["bytes"], len(text.encode()))
        return execute(statement, parameters)

    monkeypatch.setattr(ledger.connection, "execute", measured)
    return found


@given(st.lists(st.tuples(st.text(max_size=40), st.integers()), max_size=60))
def test_portions_hold_every_row_in_its_order(rows: list[tuple[str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "PORTION_BYTES", 100)
        found = list(portions(rows))
    assert [tuple(row) for text in found for row in json.loads(text)] == rows
    assert all(
        len(json.loads(text)) == 1 or len(text.encode()) <= 101 for text in found
    )


def test_statements_over_many_rows_are_several(
    ledger: Ledger,  # noqa: F811
    longest: dict[str, int],
) -> None:
    """A store's records, what was carried over, refusals, and users to erase."""
    keys = [f"offers/{number}" for number in range(MANY)]
    users = [f"external_id:{number}" for number in range(MANY)]
    ledger.connection.execute(
        f"insert into {ledger.sent} (sync, row_key, row_json) "
        f"select 'offers', 'offers/' || i, 'old' from range({MANY}) as r(i)"
    )
    sync = sync_of(ledger, "offers", "attributes")

    ledger.reword("offers", dict.fromkeys(keys, "new"))
    store: Any = type(
        "Store", (), {"rows": lambda *_: ((key[7:], "new") for key in keys)}
    )
    verified = verify(ledger, sync, "offers", store())
    assert (verified.same, verified.is_good) == (MANY, True)

    acks = [Ack(at, at, "rejected", f"reason {at}", "400") for at in range(MANY)]
    ledger.record("run", "offers", acks)
    assert ledger.acks_of("run", "offers") == acks

    erasure.suppress(ledger, "run", users)
    erasure.suppress(ledger, "run", users)
    told = '{"event":"identify","user_id":"7","anonymous_id":"a7"}'
    ledger.connection.execute(
        f"insert into {ledger.sent} (sync, row_key, row_json) values ('web', 'k', ?)",
        [told],
    )
    assert visitors_of(ledger, users) == ["anonymous_id:a7"]
    assert longest["bytes"] <= 1_001

    erasure.settle(ledger, users)
    rows = ledger.connection.execute(
        f"select count(*), count(deleted_at) from {ledger.suppressed}"
    ).fetchall()
    assert rows == [(MANY, MANY)]
    assert ledger.sent_rows("web") == 0


def test_whoever_waits_for_many_scopes_waits(
    ledger: Ledger,  # noqa: F811
    longest: dict[str, int],
) -> None:
    """Of identifies that were not accepted, each scope is a person."""
    ledger.connection.execute(
        f"""
        create table outbox_1 as
        select
            'scope' || (i % {MANY}) as scope, cast(null as varchar) as problem,
            cast(null as varchar) as aside
        from range(2 * {MANY}) as r(i)
        order by i
        """
    )

    held = ledger.hold_not_accepted("run", "web", "outbox_1", (0, MANY - 1))

    rows = ledger.connection.execute("select count(aside), count(*) from outbox_1")
    assert (len(held), rows.fetchall()) == (MANY, [(MANY, 2 * MANY)])
    assert longest["bytes"] <= 1_001
