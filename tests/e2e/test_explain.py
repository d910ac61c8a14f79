"""`runner explain KEY`: one sentence a sync that says why, true in every state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, NearShop, Shop


@pytest.fixture
def shop(shop: Shop) -> Shop:
    return NearShop(shop.directory)


@pytest.fixture
def synced_shop(synced_shop: Shop) -> Shop:
    return NearShop(synced_shop.directory)


def explained(shop: Shop, key: str, *arguments: str) -> dict[str, Any]:
    """What is said of a key in the shop's one sync."""
    run = shop.runner("explain", key, "--format", "json", *arguments)
    assert run.code == 0, run.err
    [facts] = run.json
    return dict(facts)


def counts(facts: dict[str, Any]) -> dict[str, int]:
    kinds = ("mart", "sent", "pending", "rejected", "unknown")
    return {name: facts[name]["count"] for name in kinds if facts[name]["count"]}


def test_who_was_sent_and_has_not_changed(synced_shop: Shop) -> None:
    run_id, sent_at = synced_shop.sql(
        f"select run_id, sent_at from {LEDGER}.ledger_sent_rows where row_key = 'p3'"
    )[0]

    facts = explained(synced_shop, "p3")

    assert counts(facts) == {"mart": 1, "sent": 1}
    assert facts["verdict"] == (
        f"p3 is in the mart people, was sent {sent_at:%Y-%m-%d %H:%MZ} "
        f"by run {run_id}, nothing differs: nothing to send."
    )
    assert (facts["last_run"]["run_id"], facts["last_run"]["outcome"]) == (
        run_id,
        "completed",
    )


def test_a_key_is_matched_whole_and_not_in_part(synced_shop: Shop) -> None:
    """p3 is the beginning of p30 and p300, and `note 3` ends in a 3."""
    assert counts(explained(synced_shop, "p3")) == {"mart": 1, "sent": 1}
    assert counts(explained(synced_shop, "p")) == {}
    assert counts(explained(synced_shop, "3")) == {}
    assert counts(explained(synced_shop, "P3")) == {}


def test_who_was_never_sent_is_pending(shop: Shop) -> None:
    facts = explained(shop, "p1")

    assert counts(facts) == {"mart": 1, "pending": 1}
    assert facts["verdict"] == (
        "p1 is in the mart people; is pending (added): the next push sends it."
    )


def test_what_changed_is_shown_and_only_that(synced_shop: Shop) -> None:
    synced_shop.sql("update main.people set is_member = true where external_id = 'p1'")

    facts = explained(synced_shop, "p1")

    assert counts(facts) == {"mart": 1, "sent": 1, "pending": 1}
    [row] = facts["pending"]["rows"]
    assert json.loads(row["row"]) == {"external_id": "p1", "is_member": True}
    assert "is pending (changed): the next push sends it." in facts["verdict"]


def test_who_is_in_no_mart(synced_shop: Shop) -> None:
    facts = explained(synced_shop, "nobody")

    assert counts(facts) == {}
    assert facts["verdict"] == (
        "nobody is not in the mart people: look at what it is built from."
    )


def test_who_left_the_mart(synced_shop: Shop) -> None:
    synced_shop.sql("delete from main.people where external_id = 'p1'")

    facts = explained(synced_shop, "p1")

    assert counts(facts) == {"sent": 1}
    assert "it has left the mart, for which nothing is sent." in facts["verdict"]


def test_what_cannot_be_sent_says_why(shop: Shop) -> None:
    shop.sql("update main.people set score = 'nan' where external_id = 'p1'")

    facts = explained(shop, "p1")

    assert facts["verdict"].endswith(
        "is pending and cannot be sent: a number is NaN or infinite."
    )


def test_a_key_in_two_rows_says_so(shop: Shop) -> None:
    shop.sql("insert into main.people from main.people where external_id = 'p1'")

    facts = explained(shop, "p1")

    assert counts(facts) == {"mart": 2, "pending": 2}
    assert "the key stands in 2 rows of the mart" in facts["verdict"]


def test_who_was_rejected_and_is_not_offered_again(
    shop: Shop, sandbox: Sandbox
) -> None:
    shop.sql("update main.people set score = 'nan' where external_id = 'p1'")
    assert shop.runner("push", sandbox=sandbox).code == 4

    facts = explained(shop, "p1")

    assert counts(facts) == {"mart": 1, "rejected": 1}
    assert facts["rejected"]["rows"][0]["attempts"] == 1
    assert "rejected once, the last 20" in facts["verdict"]
    assert "a number is NaN or infinite (not offered again" in facts["verdict"]
    assert "runner rejected -s people --retry" in facts["verdict"]


def test_what_may_have_arrived(synced_shop: Shop) -> None:
    synced_shop.sql(
        f"""
        insert into {LEDGER}.ledger_unknown_rows (
            sync, row_key, payload, reason, run_id, unknown_at
        )
        values (
            'people', 'order-9', '{{"external_id":"p1","name":"x"}}', 'no answer',
            'run-7', timestamp '2026-11-01 10:00:00'
        )
        """
    )

    for key in ("p1", "order-9"):
        facts = explained(synced_shop, key)
        assert counts(facts)["unknown"] == 1
        assert (
            "it is unknown whether what run run-7 sent has arrived" in facts["verdict"]
        )


@pytest.mark.parametrize(
    ("user", "key"),
    [("external_id:p1", "p1"), ("email:ann@example.com", "Ann@Example.com")],
)
def test_who_is_suppressed(synced_shop: Shop, user: str, key: str) -> None:
    synced_shop.sql(
        f"insert into {LEDGER}.ledger_suppressed_users (user_hash, suppressed_at) "
        "values (sha256(?), timestamp '2026-11-01 10:00:00')",
        [user],
    )

    facts = explained(synced_shop, key)

    assert facts["suppressed_at"] == "2026-11-01T10:00:00Z"
    assert "is suppressed since 2026-11-01 10:00Z: nothing is sent" in facts["verdict"]
    assert explained(synced_shop, "p2")["suppressed_at"] is None


def test_a_sync_that_dbts_tests_hold_back(shop: Shop) -> None:
    results = shop.directory / "target" / "run_results.json"
    content = json.loads(results.read_text(encoding="utf-8"))
    for result in content["results"]:
        if result["unique_id"] == "model.shop.people":
            result["status"] = "error"
    results.write_text(json.dumps(content), encoding="utf-8")

    facts = explained(shop, "p1")

    why = "model people could not be built; see: dbt build -s people"
    assert facts["held"] == [why]
    assert facts["verdict"].endswith(f"is pending, and the sync is held back: {why}.")


@pytest.mark.parametrize("key", ["p1@example.com", "P1@EXAMPLE.COM"])
def test_an_address_finds_its_owner_and_is_not_repeated(
    synced_shop: Shop, key: str
) -> None:
    facts = explained(synced_shop, key)

    assert counts(facts) == {"mart": 1, "sent": 1}
    text = synced_shop.runner("explain", key)
    assert "@" not in text.out + text.err + json.dumps(facts)
    assert facts["verdict"].startswith("*** is in the mart people, was sent ")


def test_personal_data_is_masked(synced_shop: Shop) -> None:
    """`note` is declared as PII in the mart's YAML, `email` is Braze's own."""
    synced_shop.sql("update main.people set note = 'secret' where external_id = 'p1'")

    run = synced_shop.runner("explain", "p1")

    assert '"note": "***"' in run.out
    for value in ("secret", "note 1", "p1@example.com"):
        assert value not in run.out


def test_nothing_is_written(synced_shop: Shop) -> None:
    before = synced_shop.ledger()
    content = synced_shop.database.read_bytes()

    synced_shop.runner("explain", "p1")

    assert synced_shop.ledger() == before
    assert synced_shop.database.read_bytes() == content


def test_the_text_shows_each_kind_of_row_and_ends_in_the_sentence(
    synced_shop: Shop,
) -> None:
    synced_shop.sql("update main.people set is_member = true where external_id = 'p1'")

    lines = synced_shop.runner("explain", "p1", "--sync", "people").out.splitlines()

    assert lines[0] == "people (attributes)"
    shown = [line.split()[0] for line in lines[1:-1]]
    assert shown == ["mart", "sent", "pending", "rejected", "unknown", "last"]
    assert lines[-1].startswith("  p1 is in the mart people, was sent ")


def test_more_rows_than_are_shown_are_counted(synced_shop: Shop) -> None:
    synced_shop.sql(
        f"""
        insert into {LEDGER}.ledger_rejected_rows (
            sync, row_key, payload, reason, attempts, rejected_at
        )
        select
            'people', 'order-' || number, '{{"external_id":"p1"}}', 'bad', 1,
            timestamp '2026-11-01 10:00:00' + interval (number) hour
        from range(12) as numbers(number)
        """
    )

    facts = explained(synced_shop, "p1")
    text = synced_shop.runner("explain", "p1").out

    assert (facts["rejected"]["count"], len(facts["rejected"]["rows"])) == (12, 5)
    assert facts["rejected"]["rows"][0]["row_key"] == "order-11"
    assert "... and 7 more" in text


def test_a_sync_that_is_not_known_is_refused(shop: Shop) -> None:
    run = shop.runner("explain", "p1", "-s", "peple")

    assert run.code == 2
    assert "Did you mean 'people'?" in run.err
