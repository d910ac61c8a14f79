"""`runner unknown`: what may have arrived is listed, and settled by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Shop, copy

from .events import PUSH, in_braze, keys, outcome, pending

UNKNOWN = ("unknown", "-s", "visits")
ONE_AT_A_TIME = {"RUNNER_IN_FLIGHT": "1", "RUNNER_OBJECTS_PER_REQUEST": "3"}
PARKED = 6


@pytest.fixture(scope="module")
def parked_shop(built_events: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two pushes of three visits each, whose answers were lost; copy it."""
    shop = copy(built_events, tmp_path_factory.mktemp("parked") / "shop")
    with Sandbox(faults={"rates": {"lost_answer": 1}}) as sandbox:
        for _ in range(2):
            push = (*PUSH, "visits", "--limit", "3")
            run = shop.runner(*push, sandbox=sandbox, env=ONE_AT_A_TIME)
            assert run.code == 4
    assert len(keys(shop, "unknown", "visits")) == PARKED
    return shop


@pytest.fixture
def shop(parked_shop: Shop, tmp_path: Path) -> Shop:
    return NearShop(copy(parked_shop, tmp_path / "shop").directory)


def parked(shop: Shop) -> set[str]:
    return keys(shop, "unknown", "visits")


def test_each_row_says_what_is_known_of_it(shop: Shop) -> None:
    rows = shop.runner(*UNKNOWN, "--format", "json").json

    assert {row["row_key"] for row in rows} == parked(shop)
    assert set(rows[0]) == {
        "sync",
        "row_key",
        "status",
        "reason",
        "run",
        "since",
        "payload",
    }
    assert (rows[0]["sync"], rows[0]["status"]) == ("visits", None)
    assert rows[0]["reason"] == "the connection broke before the answer was whole"
    runs = shop.sql("select distinct run_id from main_ledger.ledger_unknown_rows")
    assert {(row["run"],) for row in rows} == set(runs)


def test_personal_data_is_masked(shop: Shop) -> None:
    for output in ("json", "text"):
        run = shop.runner(*UNKNOWN, "--format", output)
        assert "someone@example.com" not in run.out + run.err
        assert "***" in run.out


def test_a_person_is_told_how_many_more_there_are(shop: Shop) -> None:
    assert "... and 2 more" in shop.runner(*UNKNOWN, "--limit", "4").out


def test_of_a_push_it_is_said_where_its_unknown_rows_are(shop: Shop) -> None:
    """Nothing is parked in silence: the exit code and the status tell of it."""
    (status,) = shop.runner("status", "-s", "visits", "--format", "json").json
    assert (status["unknown"], status["pending"]) == (PARKED, 75 - PARKED)


def test_what_is_sent_again_arrives_once_more_and_the_rest_does_not(
    shop: Shop, sandbox: Sandbox
) -> None:
    chosen, other, *_ = sorted(parked(shop))
    settled = shop.runner(*UNKNOWN, "--key", chosen, "--resend", "--format", "json")
    assert settled.json == {"settled": 1}
    for _ in range(2):
        shop.runner(*PUSH, "visits", sandbox=sandbox)

    assert in_braze(sandbox)[chosen] == 1
    assert in_braze(sandbox)[other] == 0
    assert chosen not in parked(shop)
    assert chosen in keys(shop, "sent", "visits")


def test_what_is_marked_as_sent_never_leaves_again(
    shop: Shop, sandbox: Sandbox
) -> None:
    """Only the rows of one run: somebody looked into Braze for that."""
    run_id, chosen = shop.sql(
        "select run_id, list(row_key) from main_ledger.ledger_unknown_rows group by 1"
    )[0]
    settled = shop.runner(*UNKNOWN, "--run", run_id, "--mark-sent")
    assert settled.out == "3 rows count as sent now.\n"
    shop.runner(*PUSH, "visits", sandbox=sandbox)

    assert not set(chosen) & set(in_braze(sandbox))
    assert set(chosen) <= keys(shop, "sent", "visits")
    assert len(parked(shop)) == PARKED - 3
    assert not pending(shop, "visits")


def test_a_push_does_not_send_what_is_unknown(shop: Shop, sandbox: Sandbox) -> None:
    before = parked(shop)
    said = outcome(shop.runner(*PUSH, "visits", "--full-resync", sandbox=sandbox))
    assert said["accepted"] == 75 - PARKED
    assert not before & set(in_braze(sandbox))


def test_both_at_once_is_an_error_that_settles_nothing(shop: Shop) -> None:
    run = shop.runner(*UNKNOWN, "--mark-sent", "--resend")
    assert run.code == 2
    assert "--mark-sent and --resend say opposite things; choose one." in run.err
    assert len(parked(shop)) == PARKED


def test_nothing_unknown_is_said_in_words(shop: Shop) -> None:
    assert shop.runner("unknown", "-s", "events").out == "No unknown rows.\n"
