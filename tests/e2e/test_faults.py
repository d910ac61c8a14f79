"""Whatever Braze answers, pushes repeated until clean leave it equal to the mart."""

from __future__ import annotations

from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Shop

from .profiles import differences, held, wanted

PEOPLE = 4_000
MANY_PUSHES = 20

# Twelve requests in a hundred go wrong.
RATES = {
    "429_epoch": 0.02,
    "429_retry_after": 0.02,
    "500": 0.02,
    "503_html": 0.02,
    "lost_answer": 0.015,
    "truncated_json": 0.015,
    "partial_errors": 0.01,
}

QUICK = {"RUNNER_IN_FLIGHT": "8", "RUNNER_ACK_SECONDS": "0.2"}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    return NearShop(shop.directory)


def grow(shop: Shop) -> None:
    """Make the mart large enough for faults to meet many requests."""
    shop.sql(
        "create or replace table main.people as select "
        "people.* replace ('p' || number as external_id, "
        "'p' || number || '@example.com' as email) "
        "from main.people cross join range(100) as copies(copy), "
        "lateral (select (copy * 1000 + cast(external_id[2:] as integer)) as number) "
        f"order by number limit {PEOPLE}"
    )


def push_until_clean(shop: Shop, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Push again and again; return what each push said of its one sync."""
    said = []
    for _ in range(MANY_PUSHES):
        run = shop.runner(
            "push", "--yes", "--format", "json", sandbox=sandbox, env=QUICK
        )
        assert run.code in {0, 1, 4}, run.err
        said.append(run.json["syncs"][0])
        if run.code == 0:
            return said
    pytest.fail(f"not clean after {MANY_PUSHES} pushes: {said[-1]}")


@pytest.mark.parametrize("dialect", ["epoch", "seconds"])
def test_faulty_pushes_end_with_braze_equal_to_the_mart(
    shop: Shop, dialect: str
) -> None:
    """F10-F21: 12 % of requests fail in seven ways; nothing is lost or left behind."""
    grow(shop)
    faults = {"seed": 11, "rates": RATES, "wait_seconds": 1}
    with Sandbox(faults=faults, dialect=dialect) as sandbox:
        said = push_until_clean(shop, sandbox)

        assert not differences(wanted(str(shop.database), "main.people"), held(sandbox))
        assert sum(push["accepted"] for push in said) == PEOPLE
        assert sandbox.meters()["early"] == 0


def test_the_summary_of_every_faulty_push_equals_the_ledger(shop: Shop) -> None:
    """I10: what a push says is what the ledger can be asked for."""
    grow(shop)
    with Sandbox(faults={"seed": 5, "rates": RATES, "wait_seconds": 1}) as sandbox:
        push_until_clean(shop, sandbox)
        runs = shop.sql(
            "select planned, accepted, rejected, unknown, requests, "
            "(select count(*) from main_ledger.ledger_sent_rows as sent "
            "where sent.run_id = runs.run_id) as kept "
            "from main_ledger.ledger_runs as runs"
        )

        assert [run[1] for run in runs] == [run[5] for run in runs]
        assert sum(run[4] for run in runs) == len(sandbox.requests())


def test_an_unchanged_mart_sends_no_request(shop: Shop, sandbox: Sandbox) -> None:
    """I6."""
    shop.runner("push", "--yes", sandbox=sandbox)
    before = len(sandbox.requests())

    run = shop.runner("push", "--yes", "--format", "json", sandbox=sandbox)

    assert run.code == 0
    assert run.json["syncs"][0]["requests"] == 0
    assert len(sandbox.requests()) == before


def test_one_changed_value_leaves_as_one_attribute_of_one_profile(
    shop: Shop, sandbox: Sandbox
) -> None:
    """The promise of the first page of the README."""
    shop.runner("push", "--yes", sandbox=sandbox)
    shop.sql("update main.people set orders_count = 99 where external_id = 'p7'")

    shop.runner("push", "--yes", sandbox=sandbox)

    assert sandbox.bodies()[-1] == {
        "attributes": [{"external_id": "p7", "orders_count": 99}]
    }


def test_a_bad_row_does_not_keep_the_others_from_arriving(shop: Shop) -> None:
    """F28: a fatal 400 is halved until the bad rows stand alone."""
    bad = ["p3", "p77", "p150", "p151", "p299"]
    shop.sql(
        "update main.people set external_id = 'bad-' || external_id "
        "where list_contains(?, external_id)",
        [bad],
    )
    with Sandbox(faults={"poison": "bad-"}) as sandbox:
        run = shop.runner("push", "--yes", "--format", "json", sandbox=sandbox)

        assert run.code == 4
        assert run.json["syncs"][0]["accepted"] == 295
        assert len(sandbox.profiles()) == 295
    rejected = shop.sql(
        "select row_key from main_ledger.ledger_rejected_rows order by 1"
    )
    assert [row[0] for row in rejected] == sorted(f"bad-{key}" for key in bad)


def test_a_refused_row_is_given_up_after_three_pushes(shop: Shop) -> None:
    """A row that Braze will never take must not cost a request for ever."""
    shop.sql("update main.people set external_id = 'bad-1' where external_id = 'p1'")
    with Sandbox(faults={"poison": "bad-"}) as sandbox:
        codes = [shop.runner("push", "--yes", sandbox=sandbox).code for _ in range(4)]
        assert codes == [4, 4, 4, 0]

        sandbox.set_faults({})
        shop.runner("rejected", "--retry")
        assert shop.runner("push", "--yes", sandbox=sandbox).code == 0
        assert "bad-1" in sandbox.profiles()


def test_a_full_resync_sends_everything_again(shop: Shop, sandbox: Sandbox) -> None:
    shop.runner("push", "--yes", sandbox=sandbox)

    run = shop.runner(
        "push", "--yes", "--full-resync", "--format", "json", sandbox=sandbox
    )

    assert run.json["syncs"][0]["accepted"] == len(sandbox.profiles())


def test_a_limited_push_leaves_the_rest_for_the_next(
    shop: Shop, sandbox: Sandbox
) -> None:
    """S4-23."""
    limited = shop.runner(
        "push", "--yes", "--limit", "10", "--format", "json", sandbox=sandbox
    )
    rest = shop.runner("push", "--yes", "--format", "json", sandbox=sandbox)

    assert limited.json["syncs"][0]["accepted"] == 10
    assert rest.json["syncs"][0]["accepted"] == 290


def test_columns_that_change_places_are_seen(shop: Shop, sandbox: Sandbox) -> None:
    """The hash is over names and types too: swapped values must not look unchanged."""
    shop.sql(
        "create or replace table main.people as "
        "select external_id, 'Silva' as first_name, 'Ana' as last_name from main.people"
    )
    shop.runner("push", "--yes", sandbox=sandbox)
    shop.sql(
        "create or replace table main.people as "
        "select external_id, first_name as last_name, last_name as first_name "
        "from main.people"
    )

    shop.runner("push", "--yes", sandbox=sandbox)

    profile = sandbox.profiles()["p1"]
    assert (profile["first_name"], profile["last_name"]) == ("Ana", "Silva")


def test_an_attribute_may_have_any_name_of_ours(shop: Shop, sandbox: Sandbox) -> None:
    """Names that our own SQL uses are a customer's like any other."""
    names = (
        "mart",
        "sync",
        "row_key",
        "row_hash",
        "names",
        "texts",
        "payload",
        "change",
    )
    columns = ", ".join(f"'{name}' as {name}" for name in names)
    shop.sql(
        "create or replace table main.people as "
        f"select external_id, {columns} from main.people"
    )
    shop.runner("push", "--yes", sandbox=sandbox)
    shop.sql("update main.people set names = 'new', mart = 'new'")

    shop.runner("push", "--yes", sandbox=sandbox)

    expected = {name: name for name in names} | {"names": "new", "mart": "new"}
    assert sandbox.profiles()["p1"]["custom_attributes"] == expected


def test_a_limit_does_not_slip_past_the_guards(shop: Shop, sandbox: Sandbox) -> None:
    """The first canary is a limited push: it must see what the whole one would."""
    shop.sql(
        "insert into main.people select * from main.people where external_id = 'p9'"
    )

    run = shop.runner("push", "--yes", "--limit", "1", sandbox=sandbox)

    assert run.code == 3
    assert not sandbox.requests()


def test_the_ledger_of_one_braze_does_not_speak_for_another(
    shop: Shop, sandbox: Sandbox
) -> None:
    """Pointing at production after the sandbox must not look like nothing to do."""
    shop.runner("push", "--yes", sandbox=sandbox)
    production = {"BRAZE_REST_ENDPOINT": "US-03"}

    run = shop.runner("push", "--yes", sandbox=sandbox, env=production)

    assert run.code == 3
    assert "runner push --full-resync" in run.err


def test_a_ledger_of_an_older_version_says_build(shop: Shop, sandbox: Sandbox) -> None:
    """A new version may add a column, which the next build appends."""
    shop.sql("alter table main_ledger.ledger_runs drop column endpoint")

    run = shop.runner("push", "--yes", sandbox=sandbox)

    assert run.code == 2
    assert "Run: runner build" in run.err
    assert not sandbox.requests()


@pytest.mark.parametrize(
    ("before", "after"), [("[]", "null"), ("null", "[]"), ("['a']", "[]")]
)
def test_an_empty_list_and_a_null_are_told_apart(
    shop: Shop, sandbox: Sandbox, before: str, after: str
) -> None:
    """DuckDB's hash takes them for one; the row's hash must not."""
    people = "create or replace table main.people as select external_id, 1 as n, "
    people += "cast({} as varchar[]) as tags from main.people"
    shop.sql(people.format(before))
    shop.runner("push", "--yes", sandbox=sandbox)
    shop.sql(people.format(after))

    shop.runner("push", "--yes", sandbox=sandbox)

    assert not differences(wanted(str(shop.database), "main.people"), held(sandbox))


def test_a_full_resync_still_tells_of_a_value_that_became_null(
    shop: Shop, sandbox: Sandbox
) -> None:
    """What Braze was told once, only the ledger knows."""
    shop.runner("push", "--yes", sandbox=sandbox)
    shop.sql("update main.people set note = null")

    shop.runner("push", "--yes", "--full-resync", sandbox=sandbox)

    assert not differences(wanted(str(shop.database), "main.people"), held(sandbox))
