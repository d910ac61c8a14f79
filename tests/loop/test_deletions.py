"""Who was deleted in Braze is not created again, whatever event told who that is."""

from __future__ import annotations

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, NearShop

from .project import GONE, PEOPLE

SUPPRESSED = {
    *(f"external_id:{person}" for person in (*GONE, "renamed-since")),
    *(
        f"braze_id:{user}"
        for user in (
            *("braze-gone", "braze-gone-canvas", "braze-gone-campaigns"),
            *("braze-gone-behaviors", "braze-gone-survivor", "survivor"),
            *("renamed", "first", "second", "old", "kept-1", "taken"),
        )
    ),
}
"""Not the ids of the old user of `moved` and the like: another one had them by then."""


def test_who_was_deleted_in_braze_is_not_created_again(
    shop: NearShop, sandbox: Sandbox
) -> None:
    shop.sql("update main.people set points = 2")

    shop.runner("push", "--yes", "-s", "people", sandbox=sandbox)

    assert sandbox.profiles().keys() == set(PEOPLE) - set(GONE)


def test_a_deletion_suppresses_the_ids_of_its_owner_alone(
    before: NearShop, shop: NearShop
) -> None:
    rows = shop.sql(
        f"select user_hash, run_id, suppressed_at > deleted_at, deleted_at::varchar "
        f"from {LEDGER}.ledger_suppressed_users"
    )

    hashes = shop.sql("select sha256(unnest(?))", [sorted(SUPPRESSED)])
    assert {row[0] for row in rows} == {key for (key,) in hashes}
    assert {row[1:] for row in rows} == {("currents", True, "2026-10-30 00:00:00")}
    assert before.ledger()["ledger_suppressed_users"] == []


def test_whom_a_build_suppressed_can_be_seen(before: NearShop, shop: NearShop) -> None:
    """The ledger has hashes alone."""
    shop.sql(
        f"insert into {LEDGER}.ledger_suppressed_users (user_hash, run_id) "
        "values (sha256('external_id:u1'), 'a push'), ('of nobody known', 'currents')"
    )
    named = shop.sql("select user_key from main_marts.engagement_deleted_users")
    said = shop.runner("status").out

    assert len(named) == len(SUPPRESSED) + 1
    assert {key for (key,) in named} == {*SUPPRESSED, None}
    assert f"suppressed here: {len(named)} identifiers, the last at 20" in said
    assert "suppressed" not in before.runner("status").out
