"""The same members by four encodings, as Braze has them, and who came and went."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Shop, build_models, copy_to_build

from .crowd import CROWD
from .test_adventureworks import DATA, Example, needs_data

Members = dict[str, set[str]]
"""Audience -> the people whom Braze would find in it."""

ENCODINGS = ("flags", "lists", "groups", "cohorts")
EVERY_ENCODING = json.dumps({"audience_encodings": ENCODINGS})
PARTNER = {
    "BRAZE_PARTNER": "example",
    "BRAZE_PARTNER_API_KEY": "sandbox-partner-key",
    "BRAZE_DATA_IMPORT_KEY": "sandbox-import-key",
    # Braze asks for five minutes between a new profile and what depends on it.
    "RUNNER_DEPENDENT_SECONDS": "1",
}
PEOPLE = 40


@pytest.fixture(scope="module")
def built_crowd(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project with two audiences and every encoding; copy it, never change it."""
    directory = tmp_path_factory.mktemp("crowd") / "shop"
    build_models(built_shop, directory, CROWD)
    return Shop(directory)


@pytest.fixture
def crowd(built_crowd: Shop, tmp_path: Path) -> Shop:
    """A crowd of the test's own, in which nobody has come or gone yet."""
    return NearShop(copy_to_build(built_crowd, tmp_path / "crowd").directory)


def build(shop: Shop, *arguments: str) -> None:
    """Build, or fail with what dbt said; the ledger is built already."""
    done = shop.runner("build", "--quiet", "-s", "package:shop", *arguments)
    assert done.code == 0, done.out + done.err


def change(shop: Shop, old: str, new: str, *arguments: str) -> None:
    """Change who belongs: edit the crowd's model and build again."""
    model = shop.directory / "models" / "crowd.sql"
    text = model.read_text(encoding="utf-8")
    assert old in text
    model.write_text(text.replace(old, new), encoding="utf-8")
    build(shop, *arguments)


def push(shop: Shop, sandbox: Sandbox, *arguments: str) -> int:
    """Push until nothing waits for a new profile; return how many rows were sent."""
    sent = 0
    for _ in range(3):
        done = shop.runner(
            *("push", "--yes", "--format", "json", *arguments),
            sandbox=sandbox,
            env=PARTNER | {"ADVENTUREWORKS_DIR": str(DATA)},
        )
        assert done.code == 0, done.out + done.err
        syncs = done.json["syncs"]
        assert all(sync["planned"] == sync["accepted"] for sync in syncs), syncs
        planned = sum(sync["planned"] for sync in syncs)
        sent += planned
        if not planned:
            break
        time.sleep(1.5)
    return sent


def encoded(sandbox: Sandbox, groups: dict[str, str]) -> dict[str, Members]:
    """Encoding -> the members, as a marketer's segment would find them."""
    found: dict[str, Members] = {encoding: {} for encoding in ENCODINGS}

    def add(encoding: str, audience: str, person: str) -> None:
        found[encoding].setdefault(audience, set()).add(person)

    for person, profile in sandbox.profiles().items():
        attributes = profile.get("custom_attributes", {})
        for name, value in attributes.items():
            if name.startswith("audience_") and value is True:
                add("flags", name.removeprefix("audience_"), person)
        for audience in attributes.get("audiences") or []:
            add("lists", audience, person)
        for group in profile.get("subscription_groups") or []:
            if group["subscription_state"] == "subscribed":
                add("groups", groups[group["subscription_group_id"]], person)
        for cohort in profile.get("cohorts") or []:
            add("cohorts", cohort, person)
    return found


def stays(shop: Shop) -> set[tuple[str, str, bool]]:
    """(audience, person, is a member now) of every stay that was ever seen."""
    return {
        tuple(row)
        for row in shop.sql(
            "select audience_id, external_id, left_at is null from main.our_memberships"
        )
    }


def members(shop: Shop) -> Members:
    """Audience -> members, as the warehouse says."""
    found: Members = {}
    for audience, person in shop.sql("from main.our_members"):
        found.setdefault(audience, set()).add(person)
    return found


def test_four_encodings_follow_whoever_joins_leaves_and_returns(crowd: Shop) -> None:
    """S1-14: leaving is said aloud in each of them, and a control group in none."""
    names = {"gold": "gold", "late": "late"}
    with Sandbox() as sandbox:
        for old, new in (
            ("", ""),
            ("number % 2 = 0", "number % 3 = 0"),
            ("number % 3 = 0", "number % 4 = 0"),
        ):
            if old:
                change(crowd, old, new)
            assert push(crowd, sandbox)
            expected = members(crowd)
            assert expected["gold"]
            assert encoded(sandbox, names) == dict.fromkeys(ENCODINGS, expected)
        everybody = sandbox.profiles()
    told = {
        person: profile["custom_attributes"].get("audience_gold")
        for person, profile in everybody.items()
    }
    assert {person for person, flag in told.items() if flag} == expected["gold"]
    ever = {person for audience, person, _ in stays(crowd) if audience == "gold"}
    left = ever - expected["gold"]
    assert left
    assert {person for person, flag in told.items() if flag is False} == left


def test_the_history_knows_who_came_and_went_and_no_flag_wipes_it(crowd: Shop) -> None:
    """Entries and exits are seen by comparing two builds, with changed members."""
    first = {(*stay[:2], True) for stay in stays(crowd)}
    before = members(crowd)

    change(crowd, "number % 2 = 0", "number % 4 = 0", "--full-refresh")

    after = members(crowd)
    left = before["gold"] - after["gold"]
    assert left
    assert {stay[:2] for stay in first} <= {stay[:2] for stay in stays(crowd)}
    assert {
        person for audience, person, stays_on in stays(crowd) if not stays_on
    } == left
    assert {p for a, p, stays_on in stays(crowd) if stays_on and a == "gold"} == after[
        "gold"
    ]


def test_the_control_group_stays_when_others_come_and_grows_without_releasing_anybody(
    crowd: Shop,
) -> None:
    def held_out() -> set[str]:
        rows = crowd.sql("select external_id from main.audience_gold where is_held_out")
        return {row[0] for row in rows}

    first = held_out()
    change(crowd, "range(40)", "range(80)")
    more = held_out()
    model = crowd.directory / "models" / "audience_gold.sql"
    model.write_text(
        model.read_text("utf-8").replace("holdout=20", "holdout=40"), encoding="utf-8"
    )
    build(crowd)

    everybody = {f"p{number}" for number in range(PEOPLE)}
    assert first
    assert more & everybody == first
    assert more < held_out()


@pytest.mark.parametrize(
    ("label", "message"),
    [("gold", "has the label"), ('""', "has no meta.audience.label")],
)
def test_an_audience_nobody_could_tell_from_another_is_refused(
    crowd: Shop, label: str, message: str
) -> None:
    """S4-22: two labels that read alike are one to the marketer."""
    path = crowd.directory / "models" / "syncs.yml"
    text = path.read_text("utf-8").replace('"Late, but not gold"', label)
    path.write_text(text, encoding="utf-8")

    done = crowd.runner("build", "--quiet", "-s", "our_audiences")

    assert done.code != 0
    assert f"The audience audience_late {message}" in done.out + done.err


@needs_data
def test_adventureworks_has_the_same_members_by_every_encoding(
    adventureworks: Example,
) -> None:
    shop = Shop(adventureworks.directory)
    names = ("adventureworks_audience_*", "adventureworks_cohort_members")
    assert push(shop, adventureworks.sandbox, "-s", names[0], "-s", names[1])

    expected: Members = {}
    for audience, person in adventureworks.sql(
        "from main_marts.adventureworks_audience_members"
    ):
        expected.setdefault(audience, set()).add(person)
    groups = {
        group_id: name.removeprefix("audience_")
        for name, group_id in adventureworks.sql(
            "select group_name, subscription_group_id "
            "from main.adventureworks_subscription_groups"
        )
    }
    assert len(expected) == 4
    found = encoded(adventureworks.sandbox, groups)
    assert found == dict.fromkeys(ENCODINGS, expected)
