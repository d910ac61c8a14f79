"""Who was deleted in Braze is not created again, whatever event told who that is."""

from __future__ import annotations

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, REPOSITORY, NearShop

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


def test_what_a_build_suppressed_is_lifted_by_later_files_or_by_hand_and_nothing_else(
    shop: NearShop,
) -> None:
    """As if the file that shows `kept-taken` with another user had come today."""
    rows = [("kept-taken", "currents"), ("kept-merged", "a push"), ("lost", "currents")]
    for person, run_id in rows:
        shop.sql(
            f"insert into {LEDGER}.ledger_suppressed_users (user_hash, run_id) "
            f"values (sha256('external_id:{person}'), '{run_id}')"
        )
    shop.sql(_documented().replace("C10267", "gone"))

    built = shop.runner("build", "--quiet", "-s", "ledger_suppressed_users")

    assert built.code == 0, built.out + built.err
    left = shop.sql(f"select user_hash from {LEDGER}.ledger_suppressed_users")
    hashes = {key for (key,) in left}
    people = ("kept-taken", "kept-merged", "lost", "gone", "gone-twice")
    found = shop.sql("select sha256('external_id:' || unnest(?))", [list(people)])
    assert [key in hashes for (key,) in found] == [False, True, True, False, True]


def _documented() -> str:
    """The statement by which the documentation lifts a suppression."""
    text = (REPOSITORY / "docs" / "erasure.md").read_text(encoding="utf-8")
    return "update " + text.split("```sql\nupdate ")[1].split("```")[0]
