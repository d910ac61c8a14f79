"""Whoever is erased is not sent again: neither as themselves nor as a visitor."""

from __future__ import annotations

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, Run

from .shop import ACTIVITIES, SYNC, Act, Shop, collector, searched

DELETIONS = "braze_user_deletions"
IDENTITIES = "main_intermediate.int_movable_ink_identities"
STITCHED = "main_intermediate.int_movable_ink_activities_stitched"


def braze(sandbox: Sandbox) -> dict[str, str]:
    """What a command that goes to Braze needs."""
    return {"BRAZE_REST_ENDPOINT": sandbox.url, "BRAZE_API_KEY": "sandbox-key"}


def forget(shop: Shop, sandbox: Sandbox, *users: str) -> None:
    """Erase customers with the command."""
    for user in users:
        done = shop.run("forget", user, "--yes", sandbox=sandbox, env=braze(sandbox))
        assert done.code == 0, done.err


def test_whoever_is_erased_is_scrubbed_of_it(shop: Shop) -> None:
    """What Movable Ink was told, and what it refused, name the person as user_id."""
    shop.act(*(Act(f"s{number}", user=f"u{number}") for number in range(3)))
    with collector(faults={"poison": ["u1"]}) as sandbox:
        shop.push(sandbox)
        sandbox.set_faults(None)
        forget(shop, sandbox, "u0", "u1")

    assert shop.ledger("sent") == {"s2"}
    assert shop.ledger("rejected") == set()
    assert shop.pending() == set()


def test_an_erased_customer_is_not_sent_as_a_visitor(shop: Shop, ink: Sandbox) -> None:
    """Not even once the shop has forgotten that the visitor was them."""
    shop.act(Act("bare", None, "a1"))
    shop.deliver(ink)
    shop.act(
        Act("sent", "u1", "a1"),
        Act("bystander's", "u2", "a1"),
        Act("alone", "u2"),
    )
    shop.deliver(ink)
    # Movable Ink was never told of this one, nor is it in the mart.
    shop.act(Act("old", "u1", "a2", minute=-50 * 24 * 60), Act("other", None, "a9"))
    forget(shop, ink, "u1")
    # Signed in once more, before the shop forgets them.
    shop.act(Act("again", "u1", "a3"))
    shop.deliver(ink)

    shop.sql(f"update {ACTIVITIES} set user_id = null where user_id = 'u1'")
    shop.act(Act("later", None, "a2"), Act("last", None, "a1"))
    shop.deliver(ink)

    assert set(searched(ink)) == {
        *("bare", "identify/a1/u1", "sent", "identify/a1/u2", "bystander's", "alone"),
        "other",
    }
    assert set(searched(ink).values()) == {1}
    assert shop.ledger("sent") == {"alone", "other", "identify/a1/u2", "bystander's"}


def erase(shop: Shop, user: str) -> None:
    """Put a customer into the mart of deletions."""
    shop.sql(f"drop table main_marts.{DELETIONS}")
    shop.sql(
        f"create view main_marts.{DELETIONS} as select '{user}' as "
        "external_id, cast(null as timestamp) as changed_at"
    )


def push(shop: Shop, sandbox: Sandbox, *syncs: str) -> Run:
    """Push with the plan approved, if there is one."""
    chosen = [word for sync in syncs for word in ("-s", sync)]
    env = braze(sandbox)
    made = shop.run("plan", *chosen, "--format", "json", sandbox=sandbox, env=env)
    approved = ("--approve", made.json["plan_id"])
    return shop.run("push", *chosen, "--yes", *approved, sandbox=sandbox, env=env)


def test_an_erasure_by_a_push_covers_the_visitor(shop: Shop, ink: Sandbox) -> None:
    """What is in the same push, too; and what others did on their device."""
    shop.act(Act("sent", "u1", "a1"))
    shop.deliver(ink)
    erase(shop, "u1")
    shop.act(
        *(Act("late", "u1", "a1"), Act("alone", "u1"), Act("bare", None, "a1")),
        *(Act("bystander's", "u2", "a1"), Act("other", "u2")),
    )
    done = push(shop, ink, DELETIONS, SYNC)
    assert done.code == 0, done.out + done.err
    assert set(searched(ink)) == {"identify/a1/u1", "sent", "other"}

    shop.sql(
        f"update {ACTIVITIES} set user_id = null "
        "where user_id = 'u1' and anonymous_id is not null"
    )
    assert shop.deliver(ink)["planned"] == 0
    assert shop.ledger("sent").isdisjoint({"sent", "identify/a1/u1"})


def test_a_model_that_cannot_be_read_keeps_the_deletions_alone(
    shop: Shop, ink: Sandbox
) -> None:
    shop.act(Act("other", "u2"))
    erase(shop, "u1")
    # The mart itself can be read.
    shop.sql(f"create table main_marts.frozen as from main_marts.{SYNC}")
    shop.sql(f"drop view main_marts.{SYNC}")
    shop.sql(f"alter table main_marts.frozen rename to {SYNC}")
    shop.sql(f"drop view {STITCHED}")
    shop.sql("create table gone (user_id varchar, anonymous_id varchar)")
    shop.sql(f"create or replace view {IDENTITIES} as from gone")
    shop.sql("drop table gone")
    said = '"int_movable_ink_identities", upstream of Movable Ink'

    planned = shop.run("plan", "-s", DELETIONS, sandbox=ink, env=braze(ink))
    assert (planned.code, said in planned.err) == (2, True), planned.err
    done = push(shop, ink, DELETIONS, SYNC)
    assert (done.code, said in done.err) == (2, True), done.err
    assert set(searched(ink)) == {"other"}

    forgotten = shop.run("forget", "u2", "--yes", sandbox=ink, env=braze(ink))
    assert (forgotten.code, said in forgotten.err) == (2, True), forgotten.err
    assert shop.sql(f"from {LEDGER}.ledger_suppressed_users") == []
