"""Collections: written whole or not at all, and never on top of something else."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import time
from typing import Any
from unittest.mock import patch

import pytest

from runner.publishing import Publishing
from runner.sandbox import Sandbox
from runner.store import open_store
from tests.conftest import LEDGER, Run

from .objects import Objects

GUESTS = [
    ("g1", "ada@example.com", "Paris", 30, "crème"),
    ("g2", "bob@example.com", "Paris", 50, None),
    ("g3", "eve@example.com", "Rome", 10, "window"),
]


@pytest.fixture
def guests(objects: Objects) -> Objects:
    """A shop whose three guests are served."""
    objects.fill("guests", GUESTS)
    assert accepted(push(objects, "guests")) == 4
    return objects


@pytest.fixture
def parsed(guests: Objects, built_objects: Objects) -> Objects:
    """The same for a test that builds, with what dbt has parsed of it."""
    name = "target/partial_parse.msgpack"
    shutil.copy(built_objects.directory / name, guests.directory / name)
    return guests


def push(objects: Objects, *syncs: str, options: tuple[str, ...] = ()) -> Run:
    """Push collections; no Braze is there, and none is needed."""
    chosen = [word for sync in syncs for word in ("-s", sync)]
    return objects.runner("push", "--yes", "--format", "json", *chosen, *options)


def accepted(run: Run) -> int:
    """How many rows a clean push delivered."""
    assert run.code == 0, run.out + run.err
    return sum(sync["accepted"] for sync in run.json["syncs"])


def find(objects: Objects, *address: str) -> tuple[str, Any]:
    """The kind of the answer, and its body."""

    async def ask() -> tuple[str, Any]:
        store = open_store(str(objects.store))
        reader = store.reader()
        try:
            answer = await reader.find(*address)
            return answer.kind, json.loads(answer.body or b"null")
        finally:
            await reader.close()
            store.close()

    return asyncio.run(ask())


def listed(objects: Objects) -> dict[str, Any]:
    """Collection -> what `runner collections` says of it."""
    run = objects.runner("collections", "--format", "json")
    assert run.code == 0, run.err
    return {each["collection"]: each for each in run.json}


def test_records_are_served_by_every_index_and_only_the_columns_that_may_leave(
    guests: Objects,
) -> None:
    ada = {"guest": "g1", "points": 30, "note": "crème"}
    bob = {"guest": "g2", "points": 50, "note": None}

    assert find(guests, "guests", "guest", "g1") == ("record", ada)
    assert find(guests, "guests", "email", "ada@example.com") == ("record", ada)
    assert find(guests, "guests", "city", "Paris") == (
        "record",
        {"records": [bob, ada]},
    )
    assert find(guests, "guests", "guest", "g9")[0] == "missing"
    assert find(guests, "guests", "points", "30")[0] == "unknown"


def test_only_what_changed_is_written_and_all_of_it_at_once(guests: Objects) -> None:
    assert accepted(push(guests, "guests")) == 0
    assert listed(guests)["guests"]["version"] == 1

    guests.sql("update main.guests set points = 60 where guest = 'g1'")
    guests.sql("delete from main.guests where guest = 'g3'")
    # Two guests swap their addresses: no moment at which one has none.
    guests.sql("update main.guests set email = 'x' where guest = 'g1'")
    guests.sql("update main.guests set email = 'ada@example.com' where guest = 'g2'")
    guests.sql("update main.guests set email = 'bob@example.com' where guest = 'g1'")

    assert accepted(push(guests, "guests")) == 3
    assert find(guests, "guests", "email", "ada@example.com")[1]["guest"] == "g2"
    assert find(guests, "guests", "email", "bob@example.com")[1]["guest"] == "g1"
    assert find(guests, "guests", "guest", "g3")[0] == "missing"
    assert find(guests, "guests", "city", "Rome") == ("record", {"records": []})
    assert (
        listed(guests)["guests"] | {"version": 2, "records": 2}
        == (listed(guests)["guests"])
    )
    assert guests.runner("collections", "verify", "-s", "guests").code == 0


def test_a_row_that_left_is_deleted_kept_or_gone(objects: Objects) -> None:
    objects.fill("vouchers", [("v1", "5.00"), ("v2", "7.50")])
    objects.fill("rooms", [("r1", None), ("r2", None)])
    assert accepted(push(objects, "vouchers", "rooms")) == 6

    objects.sql("delete from main.vouchers where code = 'v1'")
    objects.sql("delete from main.rooms where room = 'r1'")

    assert accepted(push(objects, "vouchers", "rooms")) == 1
    assert find(objects, "vouchers", "code", "v1")[0] == "gone"
    assert find(objects, "vouchers", "code", "v9") == ("default", {"amount": 0})
    assert find(objects, "rooms", "room", "r1")[0] == "record"
    assert accepted(push(objects, "vouchers", "rooms")) == 0

    # A store made from nothing has them as well: the ledger knows.
    shutil.rmtree(objects.store)
    done = push(objects, "vouchers", "rooms")
    assert done.code == 0, done.err
    assert find(objects, "vouchers", "code", "v1")[0] == "gone"
    assert find(objects, "vouchers", "code", "v2") == (
        "record",
        {"code": "v2", "amount": 7.5},
    )
    assert find(objects, "rooms", "room", "r1")[0] == "record"
    assert objects.runner("collections", "verify").code == 0

    objects.fill("vouchers", [("v1", "5.00"), ("v2", "7.50")])
    assert accepted(push(objects, "vouchers")) == 1
    assert find(objects, "vouchers", "code", "v1")[0] == "record"


def test_a_store_that_lost_its_collection_is_filled_anew(guests: Objects) -> None:
    shutil.rmtree(guests.store)

    planned = guests.runner("plan", "-s", "guests")
    assert "a push writes all of its records" in planned.out, planned.err
    assert accepted(push(guests, "guests")) == 4
    assert find(guests, "guests", "guest", "g3")[0] == "record"

    shutil.rmtree(guests.store)
    refused = push(guests, "guests", options=("--limit", "1"))
    assert refused.code == 2
    assert "--limit would leave most of it away" in refused.err


def test_a_collection_that_was_rolled_back_stays_so_until_it_is_filled_anew(
    guests: Objects,
) -> None:
    guests.sql("update main.guests set points = 0")
    guests.sql("delete from main.guests where guest = 'g2'")
    assert accepted(push(guests, "guests")) == 3

    back = guests.runner("collections", "rollback", "guests", "--yes")
    assert back.code == 0, back.err
    assert find(guests, "guests", "guest", "g1")[1]["points"] == 30
    assert find(guests, "guests", "guest", "g2")[0] == "record"
    assert listed(guests)["guests"]["is_rolled_back"] is True

    held = push(guests, "guests")
    assert held.code == 3
    assert "was rolled back" in held.err
    assert "--full-resync" in held.err
    assert guests.runner("collections", "verify", "-s", "guests").code == 1

    assert push(guests, "guests", options=("--full-resync",)).code == 0
    assert find(guests, "guests", "guest", "g1")[1]["points"] == 0
    assert find(guests, "guests", "guest", "g2")[0] == "missing"
    assert accepted(push(guests, "guests")) == 0


def test_a_collection_that_another_ledger_filled_is_left_alone(
    guests: Objects,
) -> None:
    guests.sql(f"delete from {LEDGER}.ledger_sent_rows where sync = 'guests'")
    guests.sql(f"delete from {LEDGER}.ledger_runs where sync = 'guests'")

    refused = push(guests, "guests")

    assert refused.code == 3
    assert "another project may own it" in refused.err
    assert push(guests, "guests", options=("--full-resync",)).code == 0


def test_what_a_collection_cannot_hold_is_refused_and_named(guests: Objects) -> None:
    guests.fill(
        "guests",
        [
            *GUESTS,
            ("g4", "ada@example.com", "Rome", 1, None),
            ("g5", None, "Rome", 1, "x" * 1_000_001),
        ],
    )

    done = push(guests, "guests")

    assert done.code == 4, done.err
    rejected = guests.runner("rejected", "--format", "json").json
    reasons = {each["row_key"]: each["reason"] for each in rejected}
    assert set(reasons) == {"guests/g4", "guests/g5"}
    assert "email" in reasons["guests/g4"]
    assert "1,000,000" in reasons["guests/g5"]
    # Nothing changes for who had the address first.
    assert find(guests, "guests", "email", "ada@example.com")[1]["guest"] == "g1"

    guests.fill("guests", [*GUESTS, GUESTS[0]])
    refused = push(guests, "guests")
    assert refused.code == 3
    assert "guests/g1" in refused.err


def test_who_is_forgotten_leaves_every_collection_at_once(
    guests: Objects, sandbox: Sandbox
) -> None:
    """The version before, too; nothing of the person is ever put again."""
    guests.fill("rooms", [("r1", "g2"), ("r2", None)])
    push(guests, "rooms")
    guests.sql("delete from main.rooms where room = 'r1'")
    guests.sql("update main.guests set points = 51 where guest = 'g2'")
    push(guests, "guests", "rooms")

    done = guests.runner("forget", "g2", "--yes", "--format", "json", sandbox=sandbox)

    assert done.code == 0, done.err
    assert done.json["scrubbed"]["collection guests"] == 1
    assert done.json["scrubbed"]["collection rooms"] == 1
    assert find(guests, "guests", "guest", "g2")[0] == "missing"
    assert find(guests, "guests", "email", "bob@example.com")[0] == "missing"
    assert find(guests, "rooms", "room", "r1")[0] == "missing"
    assert guests.runner("collections", "verify").code == 0
    assert accepted(push(guests, "guests", "rooms")) == 0
    # The version before went with the person.
    assert guests.runner("collections", "rollback", "guests", "--yes").code == 2


def test_who_is_deleted_by_a_push_leaves_with_the_next_one(
    guests: Objects, sandbox: Sandbox
) -> None:
    """Kept records and tombstones are no hiding place."""
    guests.fill("rooms", [("r1", "g2"), ("r2", None)])
    push(guests, "rooms")
    guests.sql("delete from main.rooms where room = 'r1'")
    guests.fill("erasures", [("g2",)])
    approved = ("--approve", guests.plan_id("erasures"))
    assert guests.deliver(sandbox, "erasures", options=approved) == 1

    assert accepted(push(guests, "guests", "rooms")) == 2

    assert find(guests, "guests", "guest", "g2")[0] == "missing"
    assert find(guests, "rooms", "room", "r1")[0] == "missing"
    assert find(guests, "rooms", "room", "r2")[0] == "record"
    assert guests.runner("collections", "verify").code == 0
    assert accepted(push(guests, "guests", "rooms")) == 0
    assert guests.sql(
        f"select count(*) from {LEDGER}.ledger_sent_rows where row_json like '%g2%'"
    ) == [(0,)]


TURNED = ("points desc", "points")


def turn(objects: Objects) -> None:
    """Let the list of a city begin with the fewest points, and build that."""
    path = objects.directory / "models" / "guests__pending.sql"
    text = path.read_text(encoding="utf-8")
    assert TURNED[0] in text
    path.write_text(text.replace(*TURNED), encoding="utf-8")
    built = objects.runner("build", "--quiet", "-s", "guests__pending")
    assert built.code == 0, built.out + built.err


def cities(objects: Objects, city: str) -> list[str]:
    """The guests of a city, in the order of the list."""
    _, body = find(objects, "guests", "city", city)
    return [record["guest"] for record in body["records"]]


def test_another_definition_writes_every_record_anew(parsed: Objects) -> None:
    """Held-back records too: an entry of the old order would stay for ever."""
    guests = parsed
    guests.sql("update main.guests set note = repeat('x', 1000001) where guest = 'g1'")
    assert push(guests, "guests").code == 4
    turn(guests)

    refused = push(guests, "guests", options=("--limit", "2"))
    assert refused.code == 2
    assert "its definition has changed" in refused.err
    assert push(guests, "guests").code == 4
    assert cities(guests, "Paris") == ["g1", "g2"]
    # Held back, g1 is found by its key and in lists; its address may be another's.
    assert find(guests, "guests", "guest", "g1")[1]["note"] == "crème"
    assert find(guests, "guests", "email", "ada@example.com")[0] == "missing"

    guests.fill("guests", [("g1", "ada@example.com", "Oslo", 30, "crème"), *GUESTS[1:]])
    assert accepted(push(guests, "guests")) == 1
    assert (cities(guests, "Paris"), cities(guests, "Oslo")) == (["g2"], ["g1"])
    assert find(guests, "guests", "email", "ada@example.com")[1]["guest"] == "g1"
    assert guests.runner("collections", "verify", "-s", "guests").code == 0


def test_an_address_is_never_answered_with_who_had_it_before(guests: Objects) -> None:
    """g1 moves to a new address but is held back, and g2 takes the old one."""
    guests.fill(
        "guests",
        [
            ("g1", "new@example.com", "Paris", 30, "x" * 1_000_001),
            ("g2", "ada@example.com", "Paris", 50, None),
            GUESTS[2],
        ],
    )

    assert push(guests, "guests").code == 4

    assert find(guests, "guests", "email", "ada@example.com")[1]["guest"] == "g2"
    assert find(guests, "guests", "guest", "g1")[0] == "record"
    assert guests.runner("collections", "verify", "-s", "guests").code == 0


def test_a_store_that_changes_after_the_plan_is_not_written(guests: Objects) -> None:
    """While a slow Braze is sent to, somebody may roll a collection back."""
    guests.sql("update main.guests set points = 1")
    assert accepted(push(guests, "guests")) == 3
    guests.sql("update main.guests set points = 2")

    def roll_back_meanwhile(self: Any, *_: Any) -> Any:
        store = open_store(str(guests.store))
        store.roll_back("guests")
        store.close()
        return original(self)

    original = Publishing._definition
    with patch.object(Publishing, "_definition", roll_back_meanwhile):
        done = push(guests, "guests")

    assert done.code == 1
    assert "has changed since the plan was made" in done.err
    assert find(guests, "guests", "guest", "g1")[1]["points"] == 30
    assert push(guests, "guests").code == 3


def test_a_collection_has_one_sync(parsed: Objects) -> None:
    """A second one would replace it, and each take the other's push for its own."""
    guests = parsed
    folder = guests.directory / "models"
    text = (folder / "guests__pending.sql").read_text(encoding="utf-8")
    (folder / "twins__pending.sql").write_text(text, encoding="utf-8")
    (folder / "twins.yml").write_text(
        "models:\n  - name: twins__pending\n    config: {meta: {sync: "
        "{destination: personalization, object: collection}}}\n",
        encoding="utf-8",
    )
    built = guests.runner("build", "--quiet", "-s", "twins__pending")
    assert built.code == 0, built.out + built.err

    refused = push(guests, "guests", "twins")

    assert refused.code == 3
    assert "another project may own it" in refused.err
    assert find(guests, "guests", "guest", "g1")[0] == "record"


def test_forget_wants_the_store_that_the_ledger_has_filled(
    guests: Objects, sandbox: Sandbox
) -> None:
    """Elsewhere there is nobody to forget, and the person would be served on."""
    other = {"PERSONALIZATION_STORE": str(guests.directory / "other")}

    for env in (other, {"PERSONALIZATION_STORE": ""}):
        done = guests.runner("forget", "g1", "--yes", sandbox=sandbox, env=env)
        assert done.code in {2, 3}, done.err
    by_mail = ("forget", "ada@example.com", "--by", "email", "--yes")
    named = guests.runner(*by_mail, sandbox=sandbox)
    assert named.code == 3
    assert "runner forget g1 --by external_id" in named.err
    assert sandbox.requests() == []
    assert not (guests.directory / "other").exists()
    assert find(guests, "guests", "guest", "g1")[0] == "record"


def test_who_left_before_being_forgotten_is_in_no_version(
    guests: Objects, sandbox: Sandbox
) -> None:
    guests.sql("delete from main.guests where guest = 'g2'")
    push(guests, "guests")

    assert guests.runner("forget", "g2", "--yes", sandbox=sandbox).code == 0

    back = guests.runner("collections", "rollback", "guests", "--yes")
    assert back.code == 2
    assert "no version before" in back.err


def test_a_backup_from_before_a_person_was_forgotten_is_refused(
    guests: Objects, sandbox: Sandbox
) -> None:
    shutil.copytree(guests.store, guests.directory / "backup")
    assert guests.runner("forget", "g2", "--yes", sandbox=sandbox).code == 0
    shutil.rmtree(guests.store)
    shutil.copytree(guests.directory / "backup", guests.store)

    refused = push(guests, "guests")

    assert refused.code == 3
    assert "not what this ledger left there" in refused.err
    assert push(guests, "guests", options=("--full-resync",)).code == 0
    assert find(guests, "guests", "guest", "g2")[0] == "missing"


def test_a_collection_can_be_dropped(guests: Objects) -> None:
    assert guests.runner("collections", "drop", "guests", "--yes").code == 0
    assert find(guests, "guests", "guest", "g1")[0] == "unknown"
    assert accepted(push(guests, "guests")) == 4


def test_what_is_not_set_or_not_there_is_one_sentence(
    guests: Objects, sandbox: Sandbox
) -> None:
    unset = guests.runner("push", "-s", "guests", env={"PERSONALIZATION_STORE": ""})
    assert unset.code == 2
    assert unset.err.startswith("guests: PERSONALIZATION_STORE is not set.")

    without_braze = push(guests)
    assert without_braze.code == 2
    assert "BRAZE_REST_ENDPOINT is not set" in without_braze.err

    unknown = guests.runner("collections", "rollback", "gests", "--yes")
    assert unknown.code == 2
    assert "Did you mean 'guests'?" in unknown.err
    first = guests.runner("collections", "rollback", "guests", "--yes")
    assert first.code == 2
    assert "no version before" in first.err

    damaged = guests.store / "records" / "data.mdb"
    damaged.write_bytes(damaged.read_bytes()[: 3 * 4096])
    for command in (("push", "-s", "guests"), ("collections",)):
        run = guests.runner(*command)
        assert run.code in {1, 2}
        assert len(run.err.strip().splitlines()) == 1


def test_a_push_killed_at_any_moment_leaves_the_old_or_the_new(
    guests: Objects,
) -> None:
    """Fifty kills: what is served is of one version; the next push ends it."""
    count = 1_500
    guests.sql(
        "insert into main.guests select 'k' || i, null, 'Oslo', 0, '' "
        f"from range({count}) as numbers(i)"
    )
    assert push(guests, "guests").code == 0
    seed = random.randrange(1 << 32)
    moments = random.Random(seed)
    shown = 0
    for version in range(1, 51):
        guests.sql(f"update main.guests set points = {version}, note = '{version}'")
        _push_and_kill(guests, moments.uniform(0.02, 0.35))
        versions = _versions(guests, [f"k{at}" for at in range(0, count, 97)])
        assert len(versions) == 1, f"seed {seed}: mixed after {version}: {versions}"
        assert versions <= {shown, version}, f"seed {seed}"
        shown = versions.pop()
    done = push(guests, "guests")
    assert done.code == 0, f"seed {seed}: {done.err}"
    assert _versions(guests, ["g1", "k0", f"k{count - 1}"]) == {50}
    assert guests.runner("collections", "verify", "-s", "guests").code == 0


def _push_and_kill(objects: Objects, seconds: float) -> None:
    child = os.fork()
    if child == 0:
        try:
            push(objects, "guests")
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _versions(objects: Objects, keys: list[str]) -> set[int]:
    async def ask() -> set[int]:
        store = open_store(str(objects.store))
        reader = store.reader()
        try:
            found = [await reader.find("guests", "guest", key) for key in keys]
            return {json.loads(each.body)["points"] for each in found}
        finally:
            await reader.close()
            store.close()

    return asyncio.run(ask())
