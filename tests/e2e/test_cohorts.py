"""Cohorts over a partner's endpoints: who joins, who leaves, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, Run

from .objects import PARTNER, Objects, copy_objects, meet, status, writes

DEFINITIONS = "/partners/example/cohorts"
CHANGES = "/partners/example/cohorts/users"
SECRETS = {
    "BRAZE_PARTNER_API_KEY": "canary-partner-3f9d",
    "BRAZE_DATA_IMPORT_KEY": "canary-import-77b1",
}


@pytest.fixture
def partner() -> Iterator[Sandbox]:
    """A Braze that knows the partner."""
    with Sandbox(partner="example") as server:
        yield server


@pytest.fixture
def crowd(known_objects: Objects, tmp_path: Path, partner: Sandbox) -> Objects:
    """A shop with three people whom Braze has had for long."""
    meet(partner)
    return copy_objects(known_objects, tmp_path / "crowd")


def belong(objects: Objects, *people: str, name: str = "VIP") -> None:
    """Let these people, and nobody else, belong to the cohort c1."""
    objects.fill("members", [("c1", name, person) for person in people])


def ids(change: dict[str, list[str]]) -> list[str]:
    return change["user_ids"]


def test_a_cohort_is_made_before_its_members_and_only_changes_follow(
    crowd: Objects, partner: Sandbox
) -> None:
    """S1-14: joins and leaves travel, and who stays is not told again."""
    belong(crowd, "p1", "p2")
    assert crowd.deliver(partner, "members") == 3
    assert partner.cohorts()["c1"] == {"name": "VIP", "members": ["p1", "p2"]}

    belong(crowd, "p2", "p3")
    assert crowd.deliver(partner, "members") == 2

    assert partner.cohorts()["c1"]["members"] == ["p2", "p3"]
    changes = writes(partner, CHANGES)[-1]["cohort_changes"]
    assert {(*ids(one), one.get("should_remove", False)) for one in changes} == {
        ("p1", True),
        ("p3", False),
    }
    assert len(writes(partner, DEFINITIONS)) == 1
    assert crowd.deliver(partner, "members") == 0


def test_a_renamed_cohort_keeps_its_id_and_its_members(
    crowd: Objects, partner: Sandbox
) -> None:
    belong(crowd, "p1", "p2")
    crowd.deliver(partner, "members")
    belong(crowd, "p1", "p2", name="Very important")

    assert crowd.deliver(partner, "members") == 1

    assert partner.cohorts() == {
        "c1": {"name": "Very important", "members": ["p1", "p2"]}
    }
    first, second = writes(partner, DEFINITIONS)
    assert (first["cohort_id"], first["created_at"]) == (
        second["cohort_id"],
        second["created_at"],
    )


def test_a_request_holds_a_thousand_ids_and_a_cohort_is_never_in_flight_twice(
    objects: Objects,
) -> None:
    """Trap 22: joins and leaves count together; Braze locks what is being written."""
    slow = {"rates": {"slow": 1}, "slow_seconds": 0.2, "paths": [CHANGES]}
    everybody = (
        "insert into main.members select 'c' || cohort, 'Cohort ' || cohort, 'p' || n "
        "from range(2) as cohorts(cohort), range({}, {}) as numbers(n)"
    )
    with Sandbox(partner="example", faults=slow) as sandbox:
        objects.sql(everybody.format(0, 1200))
        assert objects.deliver(sandbox, "members") == 2_402
        objects.sql("delete from main.members")
        objects.sql(everybody.format(600, 1800))
        assert objects.push(sandbox, "members").code == 3
        approved = ("--approve", objects.plan_id("members"))
        assert objects.deliver(sandbox, "members", options=approved) == 2_400

        sizes = [
            (body["cohort_id"], sum(len(ids(one)) for one in body["cohort_changes"]))
            for body in writes(sandbox, CHANGES)
        ]
        statuses = {one["status"] for one in sandbox.requests()}
    assert sorted(sizes) == sorted(
        [("c0", 1000), ("c0", 200), ("c1", 1000)] * 2 + 2 * [("c1", 200)]
    )
    assert 423 not in statuses


def test_a_locked_cohort_is_tried_again(crowd: Objects, partner: Sandbox) -> None:
    partner.set_faults({"script": ["423", "423"], "paths": [CHANGES]})
    belong(crowd, "p1", "p2")

    assert crowd.deliver(partner, "members") == 3

    told = [one["status"] for one in partner.requests() if one["path"] == CHANGES]
    assert told == [423, 423, 201]
    assert partner.cohorts()["c1"]["members"] == ["p1", "p2"]


@pytest.mark.parametrize("name", list(PARTNER))
def test_what_a_partner_must_have_is_asked_for_in_one_sentence(
    objects: Objects, partner: Sandbox, name: str
) -> None:
    """Trap 22: a customer cannot get such keys; the words say what else there is."""
    belong(objects, "p1")

    pushed = objects.push(partner, "members", env={name: ""})

    assert pushed.code == 2
    assert pushed.err.count(f"{name} is not set.") == 1
    assert len(pushed.err.strip().splitlines()) == 1
    assert partner.requests() == []


def test_the_secrets_of_a_partner_are_nowhere(
    objects: Objects, partner: Sandbox
) -> None:
    """Not where Braze refuses them, either; they travel in the body, not the header."""
    belong(objects, "p1", "p2")

    refused = objects.push(partner, "members", env=SECRETS | {"RUNNER_DEBUG": "1"})
    partner.set_faults({"script": ["500"], "paths": [DEFINITIONS]})
    once = objects.push(partner, "members", env=SECRETS | {"RUNNER_ATTEMPTS": "1"})

    assert (refused.code, once.code) == (7, 1)
    assert "401: Braze does not know this partner key" in refused.err
    told = writes(partner, DEFINITIONS)[0]
    assert told["partner_api_key"] == SECRETS["BRAZE_PARTNER_API_KEY"]
    assert told["client_secret"] == SECRETS["BRAZE_DATA_IMPORT_KEY"]
    for secret in SECRETS.values():
        assert not found_in(objects, secret, refused, once)


def found_in(objects: Objects, secret: str, *runs: Run) -> list[str]:
    """Where a secret stands: in what was printed, or in any file of the shop."""
    files = [path for path in objects.directory.rglob("*") if path.is_file()]
    return [
        *(run.out + run.err for run in runs if secret in run.out + run.err),
        *(str(path) for path in files if secret.encode() in Path(path).read_bytes()),
        *(str(rows) for rows in objects.ledger().values() if secret in str(rows)),
    ]


def test_members_whom_the_same_push_creates_wait_until_braze_has_them(
    objects: Objects, partner: Sandbox
) -> None:
    """Trap 22: an unknown user is dropped without a word."""
    soon = {"RUNNER_DEPENDENT_SECONDS": "2"}
    objects.fill("people", [("p1", "gold", 1)])
    belong(objects, "p1")

    assert objects.deliver(partner, "people", "members", env=soon) == 2
    assert partner.cohorts()["c1"]["members"] == []
    assert status(objects, "members")["waiting"] == 1

    time.sleep(2)
    assert objects.deliver(partner, "members", env=soon) == 1
    assert partner.cohorts()["c1"]["members"] == ["p1"]
    assert status(objects, "members")["waiting"] == 0


def test_a_cohort_of_two_names_is_refused_and_its_members_wait(
    crowd: Objects, partner: Sandbox
) -> None:
    crowd.fill("members", [("c1", "VIP", "p1"), ("c1", "V.I.P.", "p2")])

    assert crowd.push(partner, "members").code == 4

    assert partner.cohorts() == {}
    assert crowd.sql(f"select row_key, reason from {LEDGER}.ledger_rejected_rows") == [
        ('["c1"]', "the cohort c1 has several names")
    ]
