"""One user in one lane, and no lane idle: though ten users own half of the events."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop, copy

from .events import EVENTS, PUSH, check_once, outcome

LANES = 8
ANSWER_SECONDS = 0.1
PACE = {"RUNNER_IN_FLIGHT": str(LANES), "RUNNER_OBJECTS_PER_REQUEST": "20"}


@pytest.fixture
def shop(built_events: Shop, tmp_path: Path) -> Shop:
    return copy(built_events, tmp_path / "shop")


def in_flight(requests: list[dict[str, Any]]) -> list[int]:
    """How many requests were being answered whenever another one came."""
    begun = sorted(one["received_at"] for one in requests)
    return [
        sum(1 for other in begun if moment - ANSWER_SECONDS < other <= moment)
        for moment in begun
    ]


def test_a_busy_user_is_in_order_and_keeps_no_lane_waiting(shop: Shop) -> None:
    """Trap 17: two writes of one user at once may lose one."""
    shares = shop.sql(
        "select count(*) / (select count(*) from main.events), count(distinct "
        "external_id) / (select count(distinct external_id) from main.events) "
        "from main.events where external_id in (select external_id from main.events "
        "group by 1 having count(*) > 100)"
    )
    assert shares == [(0.5, 0.01)]
    slow = {"rates": {"slow": 1}, "slow_seconds": ANSWER_SECONDS}
    with Sandbox(faults=slow) as sandbox:
        said = outcome(shop.runner(*PUSH, "events", sandbox=sandbox, env=PACE))

        assert said["accepted"] == EVENTS
        check_once(shop, sandbox)
        assert sandbox.meters()["same_user_in_flight"] == 1
        times = defaultdict(list)
        for event in sandbox.events():
            times[event["external_id"]].append(event["time"])
        assert all(moments == sorted(moments) for moments in times.values())
        busy = in_flight(sandbox.requests())
    assert max(busy) <= LANES + 1
    assert median(busy) > LANES / 2
