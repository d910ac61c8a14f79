"""Who was forgotten: no trace is left, and no mart brings them back."""

from __future__ import annotations

import json

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .erasures import (
    DELETE,
    JANUARY,
    everywhere,
    mentions,
    suppressed,
    touch,
    user_hash,
)
from .objects import PARTNER, Objects, writes


def test_a_suppressed_user_is_sent_by_no_mart(objects: Objects) -> None:
    """Trap 18: attributes, events, purchases, cohorts, consent, every identity."""
    everyone = ("people", "flags", "members", "consents", "nicknames", "leads")
    everyone += ("renames", "visits", "sales")
    with Sandbox(partner="example") as sandbox:
        assert objects.runner("forget", "gone-1", "--yes", sandbox=sandbox).code == 0
        everywhere(objects, "gone-1", "stays-1")
        # All but the first touch the users of the others, and wait for them.
        for sync in everyone:
            assert objects.deliver(sandbox, sync, env=PARTNER)
            objects.pass_time()

        told = [json.dumps(body) for body in sandbox.bodies()]
        # `forget` itself has named the user, once.
        assert ["gone-1" in body for body in told].count(True) == 1
        assert sum("stays-1" in body for body in told) >= len(everyone)
        assert (
            objects.sql(
                " union all ".join(
                    f"select payload from main.{one}__pending" for one in everyone
                )
            )
            == []
        )
    assert mentions(objects, "gone-1") == []


def test_a_removal_names_no_suppressed_user(objects: Objects) -> None:
    """Who left the mart after being suppressed is not told of, either."""
    with Sandbox(partner="example") as sandbox:
        objects.fill("members", [("c1", "VIP", "p1"), ("c1", "VIP", "p2")])
        objects.deliver(sandbox, "members")
        objects.sql(
            f"insert into {LEDGER}.ledger_suppressed_users "
            f"values ('{user_hash('external_id:p1')}', 'r', now(), null)"
        )
        objects.fill("members", [])

        approved = ("--approve", objects.plan_id("members"))
        assert objects.deliver(sandbox, "members", options=approved) == 1
        assert "p1" not in json.dumps(sandbox.bodies()[-1])


def test_forget_scrubs_every_trace_and_prints_a_receipt(
    known: Objects, sandbox: Sandbox
) -> None:
    """Sent, rejected and unknown rows, by whatever key and in whatever form."""
    known.fill("visits", [("v1", "p1", "visited", JANUARY, None)])
    sandbox.set_faults({"script": ["lost_answer"], "paths": ["/users/track"]})
    assert known.push(sandbox, "visits").code == 4
    sandbox.set_faults({"poison": "p1"})
    everywhere(known, "p1")
    for sync in ("people", "flags", "consents", "nicknames", "leads", "renames"):
        assert known.push(sandbox, sync).code in {0, 4}, sync
    known.fill("duplicates", [("p1", "p2", None, None)])
    approved = ("--approve", known.plan_id("duplicates"))
    known.push(sandbox, "duplicates", options=approved)
    named = set(mentions(known, "p1"))
    assert {"ledger_sent_rows", "ledger_rejected_rows", "ledger_unknown_rows"} <= named
    sandbox.set_faults({})
    # A build may lift what it has suppressed, not what was erased from here.
    known.sql(
        f"insert into {LEDGER}.ledger_suppressed_users "
        f"values ('{user_hash('external_id:p1')}', 'currents', now(), now())"
    )

    forgotten = known.runner(
        "forget", "p1", "--yes", "--format", "json", sandbox=sandbox
    )

    assert forgotten.code == 0, forgotten.err
    receipt = forgotten.json
    assert receipt["user_hash"] == user_hash("external_id:p1")
    assert (receipt["answer"], receipt["endpoint"]) == ("201 success", sandbox.url)
    assert receipt["suppressed_at"] <= receipt["deleted_at"]
    assert receipt["scrubbed"].keys() == {
        *("ledger_sent_rows", "ledger_rejected_rows", "ledger_unknown_rows")
    }
    assert all(receipt["scrubbed"].values())
    assert "p1" not in set(sandbox.profiles())
    left = known.sql(
        f"select sync, row_key, payload from {LEDGER}.ledger_rejected_rows "
        f"union all select sync, row_key, row_json from {LEDGER}.ledger_sent_rows"
    )
    assert [row for row in left if '"p1"' in str(row) or "p1" in row] == []
    assert known.sql(f"select count(*) from {LEDGER}.ledger_unknown_rows") == [(0,)]
    assert known.sql(
        f"select count(*) from {LEDGER}.ledger_suppressed_users "
        f"where user_hash = '{receipt['user_hash']}' and run_id <> 'currents'"
    ) == [(1,)]


def test_the_receipt_for_a_person_names_nobody(
    known: Objects, sandbox: Sandbox
) -> None:
    """By e-mail, whatever the case, with the words that Braze asks for."""
    forgotten = known.runner(
        *("forget", "Ada@Example.com", "--by", "email", "--yes"), sandbox=sandbox
    )

    assert forgotten.code == 0, forgotten.err
    assert "xample.com" not in forgotten.out.lower() + forgotten.err.lower()
    lines = dict(line.split(maxsplit=2)[::2] for line in forgotten.out.splitlines()[:3])
    assert lines["user"] == user_hash("email:ada@example.com")
    assert "scrubbed       0 rows of ledger_sent_rows" in forgotten.out
    assert "answer         201 success" in forgotten.out
    ((sent,),) = [body["email_addresses"] for body in writes(sandbox, DELETE)]
    assert sent["email"].lower() == "ada@example.com"
    assert sent["prioritization"] == ["identified", "most_recently_updated"]


def test_forget_while_braze_is_down_suppresses_and_can_be_repeated(
    known: Objects, sandbox: Sandbox
) -> None:
    sandbox.set_faults({"script": ["503_html"], "paths": [DELETE]})

    failed = known.runner("forget", "p1", "--yes", sandbox=sandbox)

    assert failed.code == 1
    assert "The user is suppressed" in failed.err
    assert "run the same command again" in failed.err
    touch(known)
    assert known.deliver(sandbox, "people") == 2

    again = known.runner("forget", "p1", "--yes", sandbox=sandbox)
    assert again.code == 0
    assert set(sandbox.profiles()) == {"p2", "p3"}
    assert suppressed(known) == {user_hash("external_id:p1"): True}
    # Asked for once more, it says the same.
    assert known.runner("forget", "p1", "--yes", sandbox=sandbox).code == 0


def test_forget_does_nothing_unless_somebody_has_said_yes(
    known: Objects, sandbox: Sandbox
) -> None:
    before = known.ledger()

    asked_for = known.runner("forget", "p1", sandbox=sandbox)

    assert asked_for.code == 3
    assert "Not confirmed; nothing was done." in asked_for.err
    assert known.ledger() == before
    assert writes(sandbox, DELETE) == []
