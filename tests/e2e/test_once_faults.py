"""An event reaches Braze at most once, whatever Braze answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop, copy

from .events import (
    EVENTS,
    IN_DOUBT,
    PUSH,
    RATES,
    check_once,
    in_braze,
    keys,
    listed,
    outcome,
    pending,
)

MANY_PUSHES = 10
LANES, OBJECTS = 8, 20
QUICK = {
    "RUNNER_IN_FLIGHT": str(LANES),
    "RUNNER_OBJECTS_PER_REQUEST": str(OBJECTS),
    "RUNNER_ACK_SECONDS": "0.2",
}


@pytest.fixture
def shop(built_events: Shop, tmp_path: Path) -> Shop:
    return copy(built_events, tmp_path / "shop")


def check_summary(shop: Shop, said: dict[str, int], run_id: str) -> None:
    """I10: the ledger has of a run as many rows as the push said."""
    for verdict, table in (
        ("accepted", "sent"),
        ("rejected", "rejected"),
        ("unknown", "unknown"),
    ):
        kept = shop.sql(
            f"select count(*) from main_ledger.ledger_{table}_rows where run_id = ?",
            [run_id],
        )
        assert kept == [(said[verdict],)], verdict
    recorded = shop.sql(
        "select planned, accepted, rejected, unknown, requests "
        "from main_ledger.ledger_runs where run_id = ?",
        [run_id],
    )
    names = ("planned", "accepted", "rejected", "unknown", "requests")
    assert recorded == [tuple(said[name] for name in names)]


def test_no_fault_lets_an_event_arrive_twice_or_vanish(shop: Shop) -> None:
    """I1 to I3, F10 to F21, traps 4 and 5: pushed until nothing is pending."""
    # Each of them once, and then by chance.
    script = [one for kind in RATES for one in (None, kind)]
    faults = {"seed": 98, "rates": RATES, "script": script, "wait_seconds": 0.2}
    planned, parked = EVENTS, 0
    with Sandbox(faults=faults) as sandbox:
        for _ in range(MANY_PUSHES):
            run = shop.runner(*PUSH, "events", sandbox=sandbox, env=QUICK)
            said = outcome(run)
            assert said["planned"] == planned
            parked += said["unknown"]
            check_once(shop, sandbox)
            check_summary(shop, said, run.json["run_id"])
            planned = len(pending(shop))
            if not planned:
                break
        kinds = {one["fault"] for one in sandbox.requests()}
        doubtful = [one for one in sandbox.requests() if one["fault"] in IN_DOUBT]

        assert not planned
        assert kinds >= RATES.keys()
        # Of a request in doubt each row is parked, and no other.
        assert parked == sum(one["objects"] for one in doubtful)
        assert sandbox.meters()["same_user_in_flight"] == 1
    assert listed(shop) == keys(shop, "unknown")
    assert len(listed(shop)) == parked


def test_an_outage_does_not_park_whatever_is_pending(shop: Shop) -> None:
    """So many doubtful answers in a row end a push; the rest stays pending."""
    impatient = QUICK | {"RUNNER_UNKNOWN_ANSWERS": "3"}
    with Sandbox(faults={"rates": {"500_applied": 1}}) as sandbox:
        run = shop.runner(*PUSH, "events", sandbox=sandbox, env=impatient)

        assert run.code == 1
        assert "runner push" in run.err or "run push again" in run.err
        assert 0 < outcome(run)["unknown"] <= (3 + LANES) * OBJECTS
        check_once(shop, sandbox)


@pytest.mark.parametrize("poison", [1, 2, 3, 4, 5])
def test_a_fatal_400_delivers_every_other_event_once(shop: Shop, poison: int) -> None:
    """F28 and trap 4: one to five bad rows of a request of 75."""
    shop.sql(
        "update main.visits set external_id = 'bad-' || external_id "
        f"where cast(event_key[2:] as integer) % 15 = 4 and rowid < {poison * 15}"
    )
    with Sandbox(faults={"poison": "bad-"}) as sandbox:
        said = outcome(shop.runner(*PUSH, "visits", sandbox=sandbox))

        assert (said["accepted"], said["rejected"]) == (75 - poison, poison)
        assert set(in_braze(sandbox).values()) == {1}
        assert set(in_braze(sandbox)) == keys(shop, "sent", "visits")
        check_once(shop, sandbox, "visits")


def test_a_purchase_arrives_once_in_parts_of_a_hundred(shop: Shop) -> None:
    """Trap 23, under the same promise as events."""
    with Sandbox(faults={"script": [None, "lost_answer"]}) as sandbox:
        env = QUICK | {"RUNNER_OBJECTS_PER_REQUEST": "3", "RUNNER_IN_FLIGHT": "1"}
        first = outcome(shop.runner(*PUSH, "orders", sandbox=sandbox, env=env))
        again = outcome(shop.runner(*PUSH, "orders", sandbox=sandbox, env=env))

        assert (first["accepted"], first["unknown"]) == (5, 3)
        assert again["requests"] == 0
        assert set(in_braze(sandbox).values()) == {1}
        bought = {
            (one["product_id"], one["quantity"], one["price"])
            for one in sandbox.purchases()
        }
    assert bought >= {("sku-1", 100, 10.5), ("sku-1", 50, 10.5), ("sku-2", 1, -10.5)}
