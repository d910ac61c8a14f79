"""Whoever is erased is not sent again: neither as themselves nor as a visitor."""

from __future__ import annotations

from runner.sandbox import Sandbox

from .shop import ACTIVITIES, Act, Shop, collector, searched


def forget(shop: Shop, sandbox: Sandbox, *users: str) -> None:
    """Erase customers with the command."""
    env = {"BRAZE_REST_ENDPOINT": sandbox.url, "BRAZE_API_KEY": "sandbox-key"}
    for user in users:
        done = shop.run("forget", user, "--yes", sandbox=sandbox, env=env)
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
    # Movable Ink was never told of this one, nor is it of the last 29 days.
    shop.act(Act("old", "u1", "a2", minute=-30 * 24 * 60), Act("other", None, "a9"))
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


def test_an_erasure_by_a_push_covers_the_visitor(shop: Shop, ink: Sandbox) -> None:
    shop.act(Act("sent", "u1", "a1"))
    shop.deliver(ink)
    shop.sql("drop table main_marts.braze_user_deletions")
    shop.sql(
        "create view main_marts.braze_user_deletions as select 'u1' as "
        "external_id, cast(null as timestamp) as changed_at"
    )
    env = {"BRAZE_REST_ENDPOINT": ink.url, "BRAZE_API_KEY": "sandbox-key"}
    sync = ("-s", "braze_user_deletions")
    plan = shop.run("plan", *sync, "--format", "json", env=env).json["plan_id"]
    done = shop.run("push", *sync, "--yes", "--approve", plan, env=env)
    assert done.code == 0, done.err

    shop.sql(f"update {ACTIVITIES} set user_id = null where user_id = 'u1'")
    assert shop.deliver(ink)["planned"] == 0
    assert shop.ledger("sent").isdisjoint({"sent", "identify/a1/u1"})
