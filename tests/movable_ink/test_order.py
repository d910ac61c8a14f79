"""No event says a user_id before Movable Ink has accepted the identify of its pair."""

from __future__ import annotations

import random
from typing import Any

import pytest

from runner import delivery
from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .shop import SYNC, Act, Shop, collector, said, searched

BATCHES = {"RUNNER_MOVABLE_INK_EVENTS_PER_REQUEST": "1000"}


def waiting(shop: Shop) -> dict[str, str]:
    """The rows that wait, and for what."""
    return dict(
        shop.sql(
            f"select row_key, waits from main_sync.{SYNC}__pending "
            "where waits is not null"
        )
    )


def test_events_wait_while_their_identify_is_unknown(shop: Shop) -> None:
    """Nobody knows whether it arrived; whoever settles it releases the rest."""
    acts = {"s1": Act("s1", "u1", "a1"), "s2": Act("s2", "u2", "a2", minute=1)}
    shop.act(*acts.values(), Act("alone", "u1"), Act("s3", "u3", "a3"))
    why = "the identify of its pair is unknown or was refused"
    with collector(faults={"script": ["lost_answer", "500"]}) as sandbox:
        done = shop.push(sandbox, env={"RUNNER_MOVABLE_INK_IN_FLIGHT": "1"})
        assert said(done)["unknown"] == 2
        assert "2 identify not accepted, so the events of these pairs wait" in done.err
        before = set(searched(sandbox))
        assert before == {"identify/a1/u1", "identify/a3/u3", "alone", "s3"}
        assert waiting(shop) == dict.fromkeys(acts, why)
        plan = shop.run("plan", "-s", SYNC, sandbox=sandbox).out
        assert "2 rows wait for the identify of their pair to be accepted" in plan
        assert f"is pending and waits: {why}" in shop.run("explain", "s1").out
        assert said(shop.push(sandbox))["planned"] == 0

        settled = {"identify/a1/u1": "--mark-sent", "identify/a2/u2": "--resend"}
        for key, decision in settled.items():
            shop.run("unknown", "-s", SYNC, "--key", key, decision)
        shop.deliver(sandbox)
        arrived = searched(sandbox)

    assert arrived == dict.fromkeys({*before, *settled, *acts}, 1)


def test_events_wait_while_their_identify_is_refused(shop: Shop) -> None:
    """Those beside them in the batch leave, and are parked without them."""
    shop.act(*(Act(f"s{n}", f"u{n}", f"a{n}", minute=n) for n in range(3)))
    # The identify rows take five requests until the bad one is found.
    faults = {"poison": ["u1"], "script": [*[None] * 5, "lost_answer"]}
    with collector(faults=faults) as sandbox:
        done = said(shop.push(sandbox, env=BATCHES))
        assert [done[name] for name in ("accepted", "rejected", "unknown")] == [2, 1, 2]
        assert shop.ledger("unknown") == {"s0", "s2"}
        assert shop.pending() == {"identify/a1/u1", "s1"}
        shop.sql(f"update {LEDGER}.ledger_rejected_rows set attempts = 3")
        # Given up, so that it is not offered again; what waits for it still is.
        assert shop.pending() == set(waiting(shop)) == {"s1"}

        sandbox.set_faults(None)
        shop.run("rejected", "-s", SYNC, "--retry")
        shop.deliver(sandbox)
        assert searched(sandbox)["s1"] == 1
        assert sandbox.collector()["unintroduced"] == 0


def settle(shop: Shop, sandbox: Sandbox, keys: set[str]) -> None:
    """Let somebody look into Movable Ink for these rows."""
    arrived = searched(sandbox)
    for decision, chosen in (
        ("--mark-sent", [key for key in keys if arrived[key]]),
        ("--resend", [key for key in keys if not arrived[key]]),
    ):
        if chosen:
            named = [word for key in chosen for word in ("--key", key)]
            done = shop.run("unknown", "-s", SYNC, *named, decision)
            assert done.code == 0, done.err


def test_no_fault_lets_an_event_go_ahead_of_its_identify(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushes of a part, in batches of three, while the collector fails at random."""
    monkeypatch.setattr(delivery, "backoff", lambda _: 0.001)
    chance = random.Random(4)
    count = 0
    faults: dict[str, Any] = {
        "rates": {"500": 0.3, "lost_answer": 0.15, "503_html": 0.1},
        "seed": 4,
        "wait_seconds": 0.001,
    }
    env = {
        "RUNNER_MOVABLE_INK_EVENTS_PER_REQUEST": "3",
        "RUNNER_MOVABLE_INK_REQUESTS_PER_SECOND": "10000",
    }
    with collector(account={"seconds": 0.002}) as sandbox:
        for poison in ([], ["u0"], ["u1", "u0"]):
            sandbox.set_faults(faults | {"poison": poison})
            acts = [
                Act(
                    f"s{count + number}",
                    chance.choice([None, None, "u0", "u1"]),
                    chance.choice(["a0", "a1", "a2"]),
                    minute=chance.randrange(600),
                )
                for number in range(12)
            ]
            shop.act(*acts)
            count += len(acts)
            shop.push(sandbox, "--limit", str(chance.randrange(4, 20)), env=env)
            assert sandbox.collector()["unintroduced"] == 0
            unknown = sorted(shop.ledger("unknown"))
            settle(shop, sandbox, {key for key in unknown if chance.random() < 0.5})
        sandbox.set_faults(None)
        settle(shop, sandbox, shop.ledger("unknown"))
        shop.run("rejected", "-s", SYNC, "--retry")
        shop.deliver(sandbox, env=env)
        told, meters = sandbox.collector(), sandbox.meters()
        arrived = searched(sandbox)

    assert told["unintroduced"] == 0
    assert meters["same_user_in_flight"] == 1
    assert set(arrived.values()) == {1}
    assert {key for key in arrived if key.startswith("s")} == {
        f"s{number}" for number in range(count)
    }
