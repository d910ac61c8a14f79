"""The key appears nowhere, however a push ends: in raw, URL or base64 form."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from runner.sandbox import Sandbox

from ..conftest import Run, Shop

# Characters that every encoding changes, so that each form is one of its own.
KEY = "canary/7+b0&f1=%41-9c~Zx"
FORMS = {
    KEY,
    quote(KEY, safe=""),
    quote(KEY),
    quote_plus(KEY),
    KEY.replace("/", "\\/"),
    *(
        # Base64 of a text within a longer one depends on where it begins.
        base64.b64encode(b"x" * shift + KEY.encode()).decode()[4:-4]
        for shift in range(3)
    ),
    repr(KEY.encode())[2:-1],
}

ENDINGS: dict[str, dict[str, Any]] = {
    "clean": {},
    "server errors": {"rates": {"500": 1.0}},
    "a proxy's page": {"rates": {"503_html": 1.0}},
    "a page for an answer": {"rates": {"html_200": 1.0}},
    "lost answers": {"rates": {"lost_answer": 1.0}},
    "half answers": {"rates": {"truncated_json": 1.0}},
    "partial errors": {"rates": {"partial_errors": 1.0}},
    "redirects": {"rates": {"redirect": 1.0}},
    "waits": {"rates": {"429_retry_after": 1.0}, "wait_seconds": 2},
}
IMPATIENT = {
    "RUNNER_ATTEMPTS": "1",
    "RUNNER_WAIT_BUDGET": "1",
    "RUNNER_DEBUG": "1",
    "BRAZE_API_KEY": KEY,
}


def leaks(shop: Shop, run: Run) -> set[str]:
    """The forms of the key in what the push printed, wrote to the ledger or left."""
    ledger = repr(shop.ledger()) + repr(shop.sql("from main_ledger.ledger_lease"))
    texts = [run.out, run.err, ledger]
    texts += [
        path.read_bytes().decode("latin-1")
        for path in shop.directory.rglob("*")
        if path.is_file() and "dbt_packages" not in path.parts
    ]
    return {form for form in FORMS for text in texts if form in text}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_key_is_nowhere_when_a_push_ends_in(shop: Shop, ending: str) -> None:
    with Sandbox(api_key=KEY, faults=ENDINGS[ending]) as sandbox:
        run = shop.runner("push", sandbox=sandbox, env=IMPATIENT)
        assert sandbox.requests(), "the push did not get as far as Braze"
    assert leaks(shop, run) == set()


def test_the_key_is_nowhere_when_braze_repeats_it(shop: Shop, sandbox: Sandbox) -> None:
    run = shop.runner("push", sandbox=sandbox, env=IMPATIENT)
    assert (run.code, leaks(shop, run)) == (7, set())


def test_the_key_is_nowhere_when_it_lacks_the_permission(shop: Shop) -> None:
    with Sandbox(api_key=KEY, permissions=[]) as sandbox:
        run = shop.runner("push", sandbox=sandbox, env=IMPATIENT)
    assert (run.code, leaks(shop, run)) == (7, set())


def test_the_key_is_nowhere_when_the_host_is_unknown(shop: Shop) -> None:
    env = {**IMPATIENT, "BRAZE_REST_ENDPOINT": "https://no-such-host.invalid"}
    run = shop.runner("push", env=env)
    assert (run.code, leaks(shop, run)) == (1, set())


@pytest.mark.parametrize("damage", ["'{}'", "{}\r\nX-Evil: 1", "{} {}", "{}\N{BULLET}"])
def test_a_key_that_is_refused_is_not_repeated(
    shop: Shop, sandbox: Sandbox, damage: str
) -> None:
    env = {**IMPATIENT, "BRAZE_API_KEY": damage.replace("{}", KEY)}
    run = shop.runner("push", sandbox=sandbox, env=env)
    assert (run.code, leaks(shop, run)) == (2, set())


def test_the_key_in_the_place_of_the_endpoint_is_not_repeated(shop: Shop) -> None:
    env = {**IMPATIENT, "BRAZE_REST_ENDPOINT": KEY}
    run = shop.runner("push", env=env)
    assert (run.code, leaks(shop, run)) == (2, set())


def test_the_search_sees_a_key_that_is_there(shop: Shop) -> None:
    """A test that can find nothing proves nothing."""
    (shop.directory / "leak.log").write_text(f"Authorization: Bearer {KEY}")
    assert leaks(shop, Run(0, "", "")) != set()


def test_no_address_is_in_the_output_of_a_push(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("update people set email = 'no address' where external_id = 'p7'")
    run = shop.runner("push", sandbox=sandbox, env={"RUNNER_DEBUG": "1"})
    assert "address" not in run.out + run.err


def test_no_address_is_in_the_output_of_a_plan(shop: Shop) -> None:
    run = shop.runner("plan")
    assert ("@example.com" in run.out + run.err, "note 1" in run.out) == (False, False)


def test_no_address_is_among_rejected_rows(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("update people set email = 'no address' where external_id = 'p7'")
    shop.runner("push", sandbox=sandbox)
    run = shop.runner("rejected")
    assert ("p7" in run.out, "no address" in run.out) == (True, False)
