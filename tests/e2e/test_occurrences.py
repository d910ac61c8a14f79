"""Events and purchases: each once, in their order, and by no clock but the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from runner.sandbox import Sandbox
from tests.conftest import LEDGER

from .objects import Objects, status, writes

MOMENT = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - UTC, as the marts' columns


def test_an_event_whose_answer_is_lost_is_never_sent_again_by_itself(
    objects: Objects,
) -> None:
    """Trap 5: parked and told; an attribute in the same plight is sent again."""
    objects.fill("visits", [("v1", "p1", "visited", MOMENT, None)])
    objects.fill("people", [("p1", "gold", 1)])
    lost = {"rates": {"lost_answer": 1}, "paths": ["/users/track"]}
    with Sandbox(faults=lost) as sandbox:
        assert objects.push(sandbox, "visits").code == 4
        assert objects.push(sandbox, "visits").code == 0
        assert len(sandbox.events()) == 1
        assert status(objects, "visits")["unknown"] == 1

        sandbox.set_faults({"script": ["lost_answer"]})
        assert objects.deliver(sandbox, "people") == 1
        assert len(writes(sandbox, "/users/track")) == 3


def test_one_user_is_never_in_flight_twice_and_their_order_is_kept(
    objects: Objects,
) -> None:
    """Trap 17: two writes of one user overwrite each other."""
    objects.sql(
        "insert into main.visits select 'v' || n, case when n % 2 = 0 then 'busy' "
        "else 'p' || (n % 50) end, 'visited', timestamp '2026-01-01' + interval (n) "
        "minute, {'page': n} from range(300) as numbers(n)"
    )
    slow = {"rates": {"slow": 1}, "slow_seconds": 0.02, "paths": ["/users/track"]}
    small = {"RUNNER_OBJECTS_PER_REQUEST": "10"}
    with Sandbox(faults=slow) as sandbox:
        assert objects.deliver(sandbox, "visits", env=small) == 300

        assert sandbox.meters()["same_user_in_flight"] == 1
        busy = [one["time"] for one in sandbox.events() if one["profile"] == "busy"]
    assert len(busy) == 150
    assert busy == sorted(busy)


def test_neither_old_nor_equal_nor_future_times_hide_or_repeat_a_row(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 20: what is new is told by the ledger, not by a time that moves on."""
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    visits = [
        ("v1", "p1", "visited", MOMENT, None),
        ("future", "p2", "visited", later, None),
    ]
    objects.fill("visits", visits)
    assert objects.push(sandbox, "visits").code == 4
    equal = ("v2", "p1", "visited", MOMENT, None)
    older = ("v3", "p1", "visited", MOMENT - timedelta(days=400), None)
    objects.fill("visits", [*visits, equal, older])

    assert objects.deliver(sandbox, "visits") == 2

    keys = [one["properties"]["event_id"] for one in sandbox.events()]
    assert sorted(keys) == ["v1", "v2", "v3"]
    assert objects.deliver(sandbox, "visits") == 0


def sale(key: str, price: float | None, quantity: int, **other: Any) -> tuple[Any, ...]:
    currency = other.get("currency", "EUR")
    return (key, "p1", "shoe", currency, price, quantity, MOMENT, None)


def test_a_purchase_is_split_by_the_hundred_and_sent_once(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 23: a quantity is 100 at most, a price that of one piece."""
    sales = [sale("s1", 2.5, 250), sale("refund", -2.5, 1)]
    objects.fill("sales", sales)

    assert objects.deliver(sandbox, "sales") == 4
    later = (*sale("s1", 3, 250)[:6], MOMENT + timedelta(days=1), None)
    objects.fill("sales", [later, *sales[1:]])
    assert objects.deliver(sandbox, "sales") == 0
    assert objects.deliver(sandbox, "sales", options=("--full-resync",)) == 0

    told = [(one["price"], one["quantity"]) for one in sandbox.purchases()]
    assert sorted(told) == [(-2.5, 1), (2.5, 50), (2.5, 100), (2.5, 100)]


def test_a_purchase_that_braze_would_misread_is_refused_here(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Trap 23."""
    objects.fill(
        "sales",
        [sale("s1", 1, 1), sale("s2", 1, -1), sale("s3", 1, 1, currency="euro")],
    )

    assert objects.push(sandbox, "sales").code == 4

    assert len(sandbox.purchases()) == 1
    reasons = objects.sql(
        f"select row_key, reason from {LEDGER}.ledger_rejected_rows order by 1"
    )
    assert reasons == [
        (
            "s2",
            "quantity is not a whole number above 0; a refund has a negative price",
        ),
        ("s3", "currency is not three capitals such as EUR"),
    ]
