"""`runner movable-ink`: a sample to share, a test that is nobody's, a template."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.commands.movable_ink import movable_ink
from runner.errors import AuthError, ConfigError, DeliveryError
from runner.sandbox import Sandbox

from .shop import Shop, collector, copy
from .warehouse import ROOT


def run(shop: Shop | None, *arguments: str, sandbox: Sandbox | None = None) -> Result:
    env = (shop or Shop(Path("nowhere"))).environment(sandbox)
    return CliRunner().invoke(movable_ink, arguments, env=env)


def test_the_sample_is_json_of_now_and_of_nobody() -> None:
    done = run(None, "sample", "order_completed")
    payload = json.loads(done.stdout)

    assert done.exit_code == 0
    assert payload["event"] == "order_completed"
    assert abs(payload["timestamp"] - time.time() * 1000) < 60_000
    assert not re.search(r"@|\+\d{7}", done.stdout)


def test_the_template_names_the_event() -> None:
    arguments = ("webhook", "wishlist_add", "--property", "amount:number")
    done = run(None, *arguments, "--users", "known")

    assert '"event": "wishlist_add"' in done.stdout
    assert '"amount": {{event_properties.${amount} | plus: 0}}' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("sample", "product_view!"), "Did you mean 'product_viewed'?"),
        (("sample", "Wish"), "is no event."),
        (("webhook", "wish", "--property", "a b"), "is not like amount:number"),
        (("webhook", "wish", "--property", "a:date"), "is not like amount:number"),
        (("webhook", "wish", "--property", "size"), "a word of Liquid's own"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: tuple[str, ...], sentence: str
) -> None:
    error = run(None, *arguments).exception

    assert isinstance(error, ConfigError)
    assert sentence in str(error)


def test_a_test_sends_what_is_pending_as_nobody(demo: Shop, tmp_path: Path) -> None:
    """Neither the customer nor the ledger hears of it."""
    shop = copy(demo, tmp_path / "shop")
    before = shop.pending()
    with collector() as sandbox:
        done = run(shop, "test", "product_viewed", "--limit", "2", sandbox=sandbox)
        events = sandbox.collected()

    assert done.exit_code == 0, done.output
    assert [event["event"] for event in events] == ["product_viewed"] * 2
    assert {event.get("user_id") for event in events} <= {"test-user", None}
    assert {event["anonymous_id"] for event in events} == {"test-visitor"}
    assert events[0]["properties"]["url"].startswith("https://shop.example.com/")
    assert re.search(r"^200  \d+ ms  .*ok", done.stdout, re.MULTILINE)
    assert shop.pending() == before


def test_without_anything_pending_it_sends_the_sample(shop: Shop) -> None:
    with Sandbox() as sandbox:
        done = run(shop, "test", "wishlist_add", sandbox=sandbox)
        (event,) = sandbox.collected()

    assert event["event"] == "wishlist_add"
    assert "No wishlist_add is pending: this is the sample." in done.stderr


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
        done = CliRunner().invoke(movable_ink, ["test", "identify"], env=known)

    assert isinstance(done.exception, kind), done.output
    assert sentence in str(done.exception)
    assert "sandbox-account" not in done.output + str(done.exception)


def test_a_payload_that_is_not_as_agreed_is_not_sent(shop: Shop) -> None:
    """A schema of the project's own may say more than SQL does."""
    shop.act("s1", user="u1")
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
        done = CliRunner().invoke(movable_ink, ["test", "search"], env=env)

        assert "'results' is a required property" in str(done.exception)
        assert sandbox.requests() == []
