"""Pushes to Movable Ink: what arrives, how often, in what order; what answers mean."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.commands.movable_ink import movable_ink
from runner.errors import AuthError, DeliveryError
from runner.movable_ink.contracts import contract
from runner.sandbox import Sandbox
from tests.everything import SALT

from .shop import SYNC, Act, Shop, collector, copy, said, searched
from .warehouse import ROOT

BATCHES = {"RUNNER_MOVABLE_INK_EVENTS_PER_REQUEST": "1000"}
ONE_LANE = {"RUNNER_MOVABLE_INK_IN_FLIGHT": "1"}


def visit(shop: Shop, count: int) -> set[str]:
    """Let so many known people search once."""
    shop.act(*(Act(f"s{n}", user=f"u{n}", minute=n) for n in range(count)))
    return {f"s{number}" for number in range(count)}


def test_the_demo_s_web_events_reach_the_collector(demo: Shop, tmp_path: Path) -> None:
    shop = copy(demo, tmp_path / "shop")
    planned = len(shop.pending())
    assert planned > 400
    with collector() as sandbox:
        done = shop.deliver(sandbox, env=BATCHES)
        events, told = sandbox.collected(), sandbox.collector()

    assert [done[name] for name in ("planned", "accepted")] == [planned, planned]
    # The identify rows, and then the events.
    assert done["requests"] == 2
    assert {event.get("event", event["type"]) for event in events} == {
        *("product_viewed", "category_viewed", "cart_add", "search"),
        *("order_completed", "identify"),
    }
    assert (told["refused"], told["unintroduced"]) == ({}, 0)
    assert any("user_id" not in event for event in events)
    assert shop.pending() == set()


def test_the_warehouse_does_not_keep_the_salt(demo: Shop, tmp_path: Path) -> None:
    kept = copy(demo, tmp_path / "shop").sql(
        "select view_name from duckdb_views() where contains(sql, ?)", [*SALT.values()]
    )

    assert kept == []


def test_one_event_is_one_request_as_documented(shop: Shop, ink: Sandbox) -> None:
    keys = visit(shop, 5)
    assert shop.deliver(ink)["requests"] == 5
    assert set(searched(ink)) == keys
    for request in ink.requests():
        assert (request["method"], request["status"]) == ("POST", 200)
        assert request["path"] == "/behavioral/sandbox-account"
    assert {
        "type": "track",
        "event": "search",
        "user_id": "u0",
        "timestamp": 1_793_448_000_000,
        "timezone": "UTC",
        "properties": {"query": "s0"},
    } in ink.bodies()


def test_a_ready_value_opens_it_as_user_and_password_do(
    shop: Shop, ink: Sandbox, tmp_path: Path
) -> None:
    shop.act(Act("s1", user="u1"))
    ready = base64.b64encode(b"sandbox:sandbox-password").decode()
    secret = tmp_path / "authorization"
    secret.write_text(f"Basic {ready}\n", encoding="utf-8")
    env = {
        "MOVABLE_INK_USERNAME": "",
        "MOVABLE_INK_PASSWORD": "",
        "MOVABLE_INK_AUTHORIZATION_FILE": str(secret),
    }

    assert shop.deliver(ink, env=env)["accepted"] == 1


# -- what an answer means


def test_what_may_have_arrived_is_parked_and_listed(shop: Shop) -> None:
    keys = visit(shop, 6)
    script = {"script": ["lost_answer", "500", "500_applied", None, "202_queued"]}
    with collector(faults=script) as sandbox:
        done = said(shop.push(sandbox, env=ONE_LANE))
        listed = shop.run("unknown", "-s", SYNC, "--format", "json").json
        assert (done["accepted"], done["unknown"]) == (3, 3)
        assert {row["row_key"] for row in listed} == {"s0", "s1", "s2"}
        assert "500: Movable Ink is unavailable" in {
            f"{row['status']}: {row['reason']}" for row in listed
        }
        # Nothing is sent again by itself; what somebody settles is.
        assert said(shop.push(sandbox))["planned"] == 0
        shop.run("unknown", "-s", SYNC, "--key", "s1", "--resend")
        shop.deliver(sandbox)
        arrived = searched(sandbox)

    assert set(arrived) == keys
    assert set(arrived.values()) == {1}


def test_it_waits_when_it_is_told_to(shop: Shop) -> None:
    keys = visit(shop, 3)
    faults = {
        "script": ["429_retry_after", "429_epoch", "503_html"],
        "wait_seconds": 0.2,
    }
    with collector(faults=faults) as sandbox:
        assert shop.deliver(sandbox, env=ONE_LANE)["accepted"] == 3
        assert sandbox.meters()["early"] == 0
        assert dict(searched(sandbox)) == dict.fromkeys(keys, 1)


def test_a_batch_is_halved_until_the_bad_event_is_found(shop: Shop) -> None:
    visit(shop, 9)
    with collector(faults={"poison": ["u4"]}) as sandbox:
        done = said(shop.push(sandbox, env=BATCHES))
        assert (done["accepted"], done["rejected"]) == (8, 1)
        assert set(searched(sandbox).values()) == {1}
    rows = shop.run("rejected", "-s", SYNC, "--format", "json").json
    assert [(row["row_key"], row["status"]) for row in rows] == [("s4", "400")]


def test_a_batch_for_who_takes_none_leaves_one_by_one(shop: Shop) -> None:
    keys = visit(shop, 4)
    with collector(account={"most_events": 1}) as sandbox:
        assert shop.deliver(sandbox, env=BATCHES)["accepted"] == 4
        assert set(searched(sandbox)) == keys


def test_a_large_batch_is_cut_by_its_bytes(shop: Shop, ink: Sandbox) -> None:
    shop.act(*(Act(f"s{n}", user=f"u{n}", text=str(n) * 400_000) for n in range(4)))

    assert shop.deliver(ink, env=BATCHES)["requests"] == 2
    assert max(each["bytes"] for each in ink.requests()) <= 1_000_000


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        (
            {"MOVABLE_INK_PASSWORD": "wrong-canary"},
            7,
            "401: Movable Ink does not accept these credentials. "
            "Check MOVABLE_INK_USERNAME",
        ),
        (
            {"MOVABLE_INK_URL": "/behavioral/other-canary"},
            2,
            "404: this is not an endpoint of Movable Ink's. Check MOVABLE_INK_URL",
        ),
    ],
)
def test_what_is_set_wrong_is_said_without_a_secret(
    shop: Shop, ink: Sandbox, change: dict[str, str], code: int, sentence: str
) -> None:
    visit(shop, 2)
    env = {
        name: ink.url + value if value.startswith("/") else value
        for name, value in change.items()
    }
    done = shop.push(ink, env=env)

    assert done.code == code
    assert sentence in done.err
    everything = done.out + done.err + repr(shop.sql("from main_ledger.ledger_runs"))
    assert "canary" not in everything
    assert shop.pending() == {"s0", "s1"}


def test_the_key_in_the_url_is_nowhere(shop: Shop, ink: Sandbox) -> None:
    visit(shop, 1)
    done = shop.push(ink)
    runs = repr(shop.sql("from main_ledger.ledger_runs"))

    assert "sandbox-account" not in done.out + done.err + runs
    assert ink.url in runs
    plan = shop.run("plan", "-s", SYNC)
    assert (plan.code, "sandbox-account" in plan.out + plan.err) == (0, False)


def test_a_redirect_is_not_followed(shop: Shop) -> None:
    visit(shop, 1)
    with collector(faults={"script": ["redirect"]}) as sandbox:
        done = shop.push(sandbox)
        assert done.code == 2
        assert len(sandbox.requests()) == 1


def test_an_outage_parks_few_and_stops(shop: Shop) -> None:
    visit(shop, 30)
    env = {"RUNNER_UNKNOWN_ANSWERS": "3", **ONE_LANE}
    with collector(faults={"rates": {"500": 1}}) as sandbox:
        done = shop.push(sandbox, env=env)
        assert done.code == 1
        assert "Movable Ink cannot be reached" in done.err
        assert said(done)["unknown"] == 3
    assert len(shop.pending()) == 27


# -- options


def test_history_is_adopted_unless_it_is_to_be_sent(shop: Shop, ink: Sandbox) -> None:
    visit(shop, 3)
    shop.act(Act("early", "u1", "a1"))
    shop.set_options(first_run="adopt")
    # Who is who is no history: without it no later event of the pair could leave.
    assert shop.deliver(ink)["planned"] == 1
    shop.act(Act("later", "u1", "a1"))
    shop.deliver(ink)

    assert list(searched(ink)) == ["identify/a1/u1", "later"]


def test_at_least_once_repeats_what_lost_its_answer(shop: Shop) -> None:
    visit(shop, 2)
    shop.set_options(delivery="at_least_once")
    with collector(faults={"script": ["lost_answer"]}) as sandbox:
        assert shop.deliver(sandbox, env=ONE_LANE)["accepted"] == 2
        assert sorted(searched(sandbox).values()) == [1, 2]


def test_it_needs_nothing_of_braze_and_says_what_it_needs(shop: Shop) -> None:
    visit(shop, 1)
    done = shop.run("push", "--yes", "-s", SYNC)
    assert done.code == 2
    assert f"{SYNC}: MOVABLE_INK_URL is not set." in done.err
    checked = shop.run("check", "-s", SYNC)
    assert checked.code == 2
    with collector() as sandbox:
        checked = shop.run("check", "-s", SYNC, sandbox=sandbox)
        assert checked.code == 0, checked.err
        assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("kind", "on", "named"),
    [
        ("macros", "macro.braze_bridge.audience", "int_movable_ink_activities"),
        ("nodes", "model.braze_bridge.audience_members", "audience_"),
        ("nodes", "model.braze_bridge.audience_holdouts", "audience_holdouts"),
    ],
)
def test_no_sync_to_movable_ink_may_have_a_holdout(
    shop: Shop, kind: str, on: str, named: str
) -> None:
    """By the models upstream, and by the macros that they call."""

    def depend(nodes: dict[str, Any]) -> None:
        node = nodes["model.braze_bridge.int_movable_ink_activities"]
        node["depends_on"][kind].append(on)

    shop.change_manifest(depend)
    done = shop.run("plan", "-s", SYNC)

    assert done.code == 2
    assert f"model {named}" in done.err
    assert "holds a control group out and is upstream of movable_ink_events" in done.err


# -- runner movable-ink test


def run_test(*arguments: str, env: dict[str, str]) -> Result:
    return CliRunner().invoke(movable_ink, ["test", *arguments], env=env)


def test_a_test_sends_nothing_of_a_customer_s(shop: Shop) -> None:
    """What somebody searched for is pending, and stays so."""
    shop.act(Act("canary", user="u1"))
    with Sandbox() as sandbox:
        done = run_test("search", "--limit", "2", env=shop.environment(sandbox))
        events = sandbox.collected()

    assert done.exit_code == 0, done.output
    sample = contract("search", ROOT).example()
    assert [event | {"timestamp": 0} for event in events] == [
        sample | {"timestamp": 0}
    ] * 2
    assert "canary" not in done.output
    assert re.search(r"^200  \d+ ms  .*ok", done.stdout, re.MULTILINE)
    assert shop.pending() == {"canary"}


@pytest.mark.parametrize(
    ("env", "faults", "kind", "sentence"),
    [
        ({"MOVABLE_INK_PASSWORD": "x"}, None, AuthError, "401: Movable Ink does not"),
        ({}, {"poison": ["example-user"]}, DeliveryError, "could not be processed"),
        ({}, {"script": ["500"]}, DeliveryError, "500: Movable Ink is unavailable"),
        ({}, {"script": ["lost_answer"]}, DeliveryError, "did not answer"),
    ],
)
def test_a_bad_answer_is_shown_without_a_secret(
    shop: Shop, env: dict[str, str], faults: Any, kind: type, sentence: str
) -> None:
    with Sandbox(faults=faults) as sandbox:
        known = shop.environment(sandbox, env)
        done = run_test("identify", env=known)

    assert isinstance(done.exception, kind), done.output
    assert sentence in str(done.exception)
    assert "sandbox-account" not in done.output + str(done.exception)


def test_a_payload_that_is_not_as_agreed_is_not_sent(shop: Shop) -> None:
    """A schema of the project's own may say more than SQL does."""
    own = shop.directory / "own"
    folder = own / "models/marts/movable_ink"
    folder.mkdir(parents=True)
    ours = ROOT / "models/marts/movable_ink/search.schema.json"
    schema = json.loads(ours.read_text(encoding="utf-8"))
    schema["properties"]["properties"]["required"] = ["query", "results"]
    (folder / "search.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (own / "dbt_project.yml").write_bytes((ROOT / "dbt_project.yml").read_bytes())
    with Sandbox() as sandbox:
        env = shop.environment(sandbox, {"DBT_PROJECT_DIR": str(own)})
        done = run_test("search", env=env)

        assert "'results' is a required property" in str(done.exception)
        assert sandbox.requests() == []
