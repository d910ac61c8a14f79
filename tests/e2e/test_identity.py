"""Who is who: each change made once, in order, and nobody written to in between."""

from __future__ import annotations

from datetime import datetime

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .objects import Objects, status, tiers, writes

FIRST, SECOND = (datetime(2026, 1, day) for day in (1, 2))  # noqa: DTZ001 - UTC, as the mart's column
LATE = 60
"""Seconds until the sandbox shows a change of identity, where a test must not wait."""


# -- new external ids


def test_an_id_is_renamed_and_removed_by_a_later_push(
    known: Objects, sandbox: Sandbox
) -> None:
    """Trap 16: what depends on a change of identity waits for five minutes."""
    known.fill("renames", [("p1", "q1", True, FIRST)])

    assert known.deliver(sandbox, "renames") == 1
    assert tiers(sandbox) == {"q1": "gold", "p2": "gold", "p3": "gold"}
    assert known.deliver(sandbox, "renames") == 0
    assert status(known, "renames")["waiting"] == 1
    assert sandbox.profiles()["q1"]["deprecated_external_ids"] == ["p1"]

    known.pass_time()
    assert known.deliver(sandbox, "renames") == 1
    assert not sandbox.profiles()["q1"].get("deprecated_external_ids")
    assert status(known, "renames")["waiting"] == 0
    known.pass_time()
    assert known.deliver(sandbox, "renames") == 0


def test_a_chain_of_renames_is_never_in_one_request(
    known: Objects, sandbox: Sandbox
) -> None:
    """Braze promises no order: B to C before A to B would lose the way."""
    known.fill("renames", [("p1", "b", None, FIRST), ("b", "c", None, SECOND)])

    assert known.deliver(sandbox, "renames") == 1
    assert status(known, "renames")["waiting"] == 1
    known.pass_time()
    assert known.deliver(sandbox, "renames") == 1

    assert tiers(sandbox) == {"c": "gold", "p2": "gold", "p3": "gold"}


def test_a_rename_that_braze_refuses_is_told_with_its_reason(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("renames", [("nobody", "q0", None, FIRST), ("p1", "q1", None, FIRST)])

    assert known.push(sandbox, "renames").code == 4

    assert "q1" in sandbox.profiles()
    ((reason,),) = known.sql(f"select reason from {LEDGER}.ledger_rejected_rows")
    assert "current_external_id does not exist" in reason


def test_nobody_is_written_to_while_their_id_changes(
    known: Objects, sandbox: Sandbox
) -> None:
    """An attribute that overtakes its rename would make a second profile."""
    known.fill("renames", [("p1", "q1", None, FIRST)])
    known.fill("people", [("q1", "blue", 1), ("p2", "blue", 2), ("p3", "gold", 3)])

    done = known.push(sandbox, "renames", "people")

    assert done.code == 0, done.err
    assert tiers(sandbox) == {"q1": "gold", "p2": "blue", "p3": "gold"}
    assert status(known, "people")["waiting"] == 1
    known.pass_time()
    known.deliver(sandbox, "people")
    assert tiers(sandbox) == {"q1": "blue", "p2": "blue", "p3": "gold"}


# -- aliases


def test_an_alias_of_a_user_whom_the_same_push_creates_waits(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Braze gives no alias to who is not there, and says success."""
    objects.fill("people", [("p1", "gold", 1)])
    objects.fill("nicknames", [("p1", "ada", "login")])

    assert objects.deliver(sandbox, "people", "nicknames") == 1
    assert objects.deliver(sandbox, "people", "nicknames") == 0
    assert status(objects, "nicknames")["waiting"] == 1
    assert writes(sandbox, "/users/alias/new") == []

    objects.pass_time()
    assert objects.deliver(sandbox, "nicknames") == 1
    assert sandbox.profiles()["p1"]["user_aliases"] == [
        {"alias_name": "ada", "alias_label": "login"}
    ]


def test_a_changed_alias_is_an_update_of_the_old_one(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill("nicknames", [("p1", "ada", "login"), (None, "card-9", "card")])
    assert known.deliver(sandbox, "nicknames") == 2
    known.pass_time()
    known.fill("nicknames", [("p1", "Ada", "login"), (None, "card-9", "card")])

    assert known.deliver(sandbox, "nicknames") == 1

    assert writes(sandbox, "/users/alias/update") == [
        {
            "alias_updates": [
                {
                    "alias_label": "login",
                    "old_alias_name": "ada",
                    "new_alias_name": "Ada",
                }
            ]
        }
    ]
    assert sandbox.profiles()["p1"]["user_aliases"][0]["alias_name"] == "Ada"
    assert len(sandbox.profiles()) == 4


def test_two_users_never_have_one_alias(known: Objects, sandbox: Sandbox) -> None:
    """Braze would ignore the second one without a word."""
    known.fill("nicknames", [("p1", "ada", "login"), ("p2", "ada", "login")])

    assert known.push(sandbox, "nicknames").code == 4

    assert writes(sandbox, "/users/alias/new") == []
    assert {
        reason
        for (reason,) in known.sql(f"select reason from {LEDGER}.ledger_rejected_rows")
    } == {"two users have this alias"}


# -- identifications


def test_a_profile_is_identified_before_its_owner_is_written_to(
    objects: Objects,
) -> None:
    """The other way round there would be two profiles of one person."""
    objects.fill("nicknames", [(None, "card-9", "card")])
    with Sandbox() as sandbox:
        objects.deliver(sandbox, "nicknames")
        objects.pass_time()
        objects.fill("leads", [("p9", "card-9", "card", None, None)])
        objects.fill("people", [("p9", "gold", 1), ("p8", "gold", 1)])

        assert objects.deliver(sandbox, "leads", "people") == 2

        paths = [one["path"] for one in sandbox.requests()]
        assert paths.index("/users/identify") < paths.index("/users/track")
        assert tiers(sandbox) == {"p9": None, "p8": "gold"}
        objects.pass_time()
        assert objects.deliver(sandbox, "people") == 1
        assert tiers(sandbox) == {"p9": "gold", "p8": "gold"}
        assert sandbox.profiles()["p9"]["user_aliases"][0]["alias_name"] == "card-9"


def test_who_does_not_wait_would_write_to_a_second_profile(objects: Objects) -> None:
    """The sandbox is as late as Braze: the wait above is not for show."""
    none = {"RUNNER_DEPENDENT_SECONDS": "1"}
    objects.fill("nicknames", [(None, "card-9", "card")])
    with Sandbox(visibility_seconds=LATE) as sandbox:
        objects.deliver(sandbox, "nicknames")
        objects.pass_time()
        objects.fill("leads", [("p9", "card-9", "card", None, None)])
        objects.deliver(sandbox, "leads", env=none)
        objects.fill("people", [("p9", "gold", 1)])

        assert objects.deliver(sandbox, "people") == 0
        objects.pass_time(1)
        assert objects.deliver(sandbox, "people", env=none) == 1
        assert len(sandbox.profiles()) == 1


def test_an_address_is_identified_with_the_words_that_say_which_profile(
    known: Objects, sandbox: Sandbox
) -> None:
    known.fill(
        "leads",
        [
            ("p1", None, None, "ada@example.com", ["unidentified"]),
            ("p2", None, None, "b@x.example", None),
        ],
    )

    assert known.push(sandbox, "leads").code == 4

    assert writes(sandbox, "/users/identify") == [
        {
            "emails_to_identify": [
                {
                    "external_id": "p1",
                    "email": "ada@example.com",
                    "prioritization": ["unidentified"],
                }
            ]
        }
    ]
