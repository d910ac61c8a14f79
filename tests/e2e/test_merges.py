"""Merges: two profiles made one, once somebody has said so, and in the right order."""

from __future__ import annotations

from runner.sandbox import Sandbox

from .objects import Objects, status, tiers, writes


def test_a_merge_needs_approval_and_the_others_are_delivered(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("duplicates", [("p1", "p2", None, None)])
    known.fill("people", [("p1", "gold", 1), ("p2", "gold", 2), ("p3", "blue", 3)])

    held = known.push(sandbox, "duplicates", "people")

    assert held.code == 3
    assert "duplicates: merging 1 user into others cannot be undone." in held.err
    assert tiers(sandbox) == {"p1": "gold", "p2": "gold", "p3": "blue"}
    assert writes(sandbox, "/users/merge") == []
    assert status(known, "duplicates")["outcome"] == "held"

    ((_, _, approval),) = [
        line.partition("If this is meant: runner ")
        for line in held.err.splitlines()
        if "If this is meant" in line
    ]
    approved = known.runner(*approval.split(), sandbox=sandbox)
    assert approved.code == 0, approved.err
    assert tiers(sandbox) == {"p2": "gold", "p3": "blue"}


def test_an_approval_is_for_one_plan_alone(known: Objects, sandbox: Sandbox) -> None:
    known.fill("duplicates", [("p1", "p2", None, None)])
    stale = known.plan_id("duplicates")
    known.fill("duplicates", [("p3", "p2", None, None)])

    pushed = known.push(sandbox, "duplicates", options=("--approve", stale))

    assert pushed.code == 3
    assert f"now, not {stale}" in pushed.err
    assert writes(sandbox, "/users/merge") == []


def test_a_chain_of_merges_ends_in_one_profile_over_two_pushes(
    known: Objects, sandbox: Sandbox
) -> None:
    """A into B and B into C: both leave for C, and never in one request."""
    known.fill("duplicates", [("p1", "p2", None, None), ("p2", "p3", None, None)])

    for _ in range(2):
        approved = ("--approve", known.plan_id("duplicates"))
        assert known.deliver(sandbox, "duplicates", options=approved) == 1
        known.pass_time()

    assert list(tiers(sandbox)) == ["p3"]
    kept = [
        body["merge_updates"][0]["identifier_to_keep"]
        for body in writes(sandbox, "/users/merge")
    ]
    assert kept == [{"external_id": "p3"}] * 2
    assert known.deliver(sandbox, "duplicates") == 0


def test_no_address_is_shown_where_one_says_who_is_merged(
    known: Objects, sandbox: Sandbox
) -> None:
    """Addresses stand deep in these payloads, and are masked there, too."""
    known.fill(
        "duplicates",
        [
            (None, "p2", "ada@example.com", ["unidentified"]),
            (None, "p3", "bo@example.com", ["nonsense"]),
        ],
    )

    planned = known.runner("plan", "-s", "duplicates")
    known.push(
        sandbox,
        "duplicates",
        options=("--approve", known.plan_id("duplicates")),
    )
    refused = known.runner("rejected")

    assert "identifier_to_merge" in planned.out
    assert "holds a word that Braze does not know" in refused.out
    assert "@example.com" not in planned.out + planned.err + refused.out
