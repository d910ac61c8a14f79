"""Once a user_id is said, every later event says it, in whatever portions they leave.

The reference models stitch random streams, the macro offers them, a part of each push
goes wrong, and the sandbox's collector is the judge: it refuses what comes without.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.sandbox.collected import Collected
from runner.sandbox.collector import _take

from .warehouse import COLUMNS, NOW, Warehouse, model

ACTIVITIES = "int_movable_ink_activities"
STITCHING = ("int_movable_ink_identities", "int_movable_ink_activities_stitched")
DAY = 24 * 60

Activity = tuple[str | None, str | None, int]
"""Anonymous id, user id, and how many minutes ago."""


class Site:
    """A site whose activities arrive in portions and leave in pushes."""

    def __init__(self) -> None:
        self.warehouse = Warehouse(users="all")
        self.warehouse.run(f"create table db.ledger.{ACTIVITIES} ({COLUMNS})")
        for name in STITCHING:
            self.warehouse.run(f"create view db.ledger.{name} as {model(name)}")
        self.warehouse.mart(model("movable_ink_events"))
        self.collected = Collected()
        self.refused: set[str] = set()
        self._count = 0

    def arrive(self, activities: Sequence[Activity]) -> None:
        """Let these be in the warehouse from now on."""
        for anonymous, user, minutes_ago in activities:
            self._count += 1
            self.warehouse.run(
                f"insert into db.ledger.{ACTIVITIES} values (?, 'search', ?, ?, "
                f"{NOW} - interval (cast(? as integer)) minute, 'UTC', ?)",
                [
                    f"e{self._count}",
                    user,
                    anonymous,
                    minutes_ago,
                    json.dumps({"query": f"e{self._count}"}),
                ],
            )

    def push(self, limit: int, chance: random.Random) -> None:
        """Send at most so many rows; each chain in order, the chains in any order."""
        rows = self.warehouse.pending()
        assert [row["problem"] for row in rows if row["problem"]] == []
        able = [row for row in rows if not row["waits"]][:limit]
        held: set[str] = set()
        for operation in ("identify", "events"):
            stage = [
                row
                for row in able
                if row["operation"] == operation and row["scope"] not in held
            ]
            chains = [
                list(chain)
                for _, chain in groupby(stage, key=lambda row: row["user_key"])
            ]
            while chains:
                chain = chance.choice(chains)
                if not self._send(chain.pop(0), chance.random()):
                    chain.clear()
                chains = [each for each in chains if each]
            held = {row["scope"] for row in stage} - self.warehouse.introduced()

    def _send(self, row: dict[str, Any], point: float) -> bool:
        """Whether the chain goes on."""
        event = json.loads(row["payload"])
        if point < 0.1:
            return False
        if point < 0.2:
            self.refused.add(row["row_key"])
            self.warehouse.refuse(row)
            return True
        # What is parked may have arrived, or not.
        if point >= 0.25:
            _take(self.collected, [event])
        if point < 0.3:
            self.warehouse.park(row)
        else:
            self.warehouse.send(row)
        return True


activities = st.tuples(
    st.sampled_from([None, "a0", "a1", "a2", "a3"]),
    st.sampled_from([None, None, "u0", "u1"]),
    st.integers(1, 28 * DAY),
).filter(lambda activity: activity[:2] != (None, None))
portions = st.lists(
    st.tuples(st.lists(activities, max_size=8), st.integers(0, 12)), max_size=5
)


@settings(max_examples=8, derandomize=True, suppress_health_check=list(HealthCheck))
@given(portions=portions, seed=st.integers(0, 99))
def test_no_event_goes_without_a_user_after_its_identify(
    portions: list[tuple[list[Activity], int]], seed: int
) -> None:
    site, chance = Site(), random.Random(seed)
    for arriving, limit in portions:
        site.arrive(arriving)
        site.push(limit, chance)

    # `_take` has raised for every event that came too bare. What is left to see:
    known: set[str] = set()
    for event in site.collected.events:
        if event["type"] == "identify":
            known.add(event["anonymous_id"])
        elif event.get("anonymous_id") in known:
            assert "user_id" in event
    assert site.collected.unintroduced == 0


def test_without_accidents_an_identify_comes_before_all_that_it_is_about() -> None:
    site = Site()
    site.arrive(
        [("a0", None, 50), ("a0", "u0", 40), ("a1", "u0", 30), ("a1", None, 20)]
    )
    for row in site.warehouse.pending():
        _take(site.collected, [json.loads(row["payload"])])
        site.warehouse.send(row)

    told = [(e["type"], e["anonymous_id"], e["user_id"]) for e in site.collected.events]
    assert told == [
        ("identify", "a0", "u0"),
        ("identify", "a1", "u0"),
        ("track", "a0", "u0"),
        ("track", "a0", "u0"),
        ("track", "a1", "u0"),
        ("track", "a1", "u0"),
    ]
    assert site.collected.unintroduced == 0
    assert site.warehouse.pending() == []


def test_who_was_known_long_ago_is_known_today() -> None:
    """The pair is older than what may be sent; the event of today still has both."""
    site = Site()
    site.arrive([("a0", "u0", 90 * DAY), ("a0", None, 5)])
    rows = site.warehouse.pending()

    assert [json.loads(row["payload"])["user_id"] for row in rows] == ["u0", "u0"]
    assert [row["problem"] for row in rows] == [None, None]
    assert rows[0]["row_key"] == "identify/a0/u0"


def test_a_visitor_is_sent_bare_until_anything_says_who_it_is() -> None:
    site = Site()
    site.arrive([("a0", None, 50)])
    (bare,) = site.warehouse.pending()
    assert "user_id" not in json.loads(bare["payload"])
    site.warehouse.send(bare)

    site.arrive([("a0", "u0", 40), ("a0", None, 60)])
    events = [json.loads(row["payload"]) for row in site.warehouse.pending()]
    assert [event["user_id"] for event in events] == ["u0", "u0", "u0"]
    assert [event["type"] for event in events] == ["identify", "track", "track"]


def test_all_rows_of_a_person_are_one_chain() -> None:
    site = Site()
    site.arrive(
        [("a0", None, 50), ("a0", "u0", 40), ("a1", "u0", 30), (None, "u0", 20)]
    )

    assert {row["user_key"] for row in site.warehouse.pending()} == {"external_id:u0"}


# -- a mart that does not stitch is held to the same


def test_a_mart_that_forgets_the_user_is_told() -> None:
    warehouse = Warehouse()
    identify = {"event": "identify", "anonymous_id": "a1", "properties": None}
    bare = {"user_id": None, "anonymous_id": "a1"}
    warehouse.events(identify, bare)
    said = "anonymous_id was identified: the event needs the user_id"
    assert warehouse.problems() == {"e0": None, "e1": said}

    # By what was sent, once the mart has no identify any more.
    for row in warehouse.pending():
        if row["row_key"] == "e0":
            warehouse.send(row)
    warehouse.events(bare | {"event_key": "e7"})
    assert warehouse.problems() == {"e7": said}


def test_an_identify_of_long_ago_is_none_the_less_said() -> None:
    """Dated at the first login; each later event of the pair waits for it."""
    warehouse = Warehouse(first_run=None)
    pair: dict[str, Any] = {"anonymous_id": "a1"}
    old = {"event": "identify", "minutes_ago": 400 * DAY, "properties": None}
    warehouse.events(pair | old, pair)
    identify, event = warehouse.pending()
    ((earliest, day),) = warehouse.run(
        f"select epoch_ms({NOW} - interval 30 day), 24 * 60 * 60 * 1000"
    )

    assert (identify["problem"], event["problem"], event["waits"]) == (None,) * 3
    said = json.loads(identify["payload"])["timestamp"]
    # The same all day long: a plan is known by its payloads.
    assert said % day == 0
    assert earliest - 60_000 < said <= earliest + day
    assert json.loads(identify["row_json"])["timestamp"] == said


def test_an_identify_without_a_user_identifies_nobody() -> None:
    warehouse = Warehouse()
    half = {"event": "identify", "anonymous_id": "a1", "user_id": ""}
    warehouse.events(half, {"user_id": None, "anonymous_id": "a1"})

    assert warehouse.problems() == {"e0": "identify needs a user_id", "e1": None}


def test_what_waited_too_long_is_listed() -> None:
    """In the mart of reference; nobody settled the identify of the pair."""
    site = Site()
    site.arrive([("a0", "u0", 29 * DAY)])
    for row in site.warehouse.pending():
        if row["operation"] == "identify":
            site.warehouse.park(row)
    assert [row["waits"] is None for row in site.warehouse.pending()] == [False]
    site.warehouse.run(
        f"update db.ledger.{ACTIVITIES} set occurred_at = occurred_at - interval 5 day"
    )

    assert site.warehouse.problems() == {"e1": "occurred_at is more than 30 days ago"}


def test_a_mart_that_introduces_nobody_is_told() -> None:
    warehouse = Warehouse()
    warehouse.events({"anonymous_id": "a1"})

    assert warehouse.problems() == {
        "e0": "no identify row says that this anonymous_id is this user_id"
    }
