"""What Braze pulls: each change once, later than all before, in Braze's shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cloud_data_ingestion.shop import build
from tests.conftest import DATABASE, Shop, shared


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three days of the shop; on the last, --full-refresh must not matter."""
    output = {"type": "duckdb", "path": DATABASE, "threads": 2}
    return Shop(
        shared(tmp_path_factory, "pulled_shop", lambda place: build(place, output))
    )


def days(shop: Shop, view: str, columns: str) -> list[list[Any]]:
    """The view's rows of each build, without the time."""
    rows = shop.sql(f"select updated_at, {columns} from main.{view} order by all")
    times = [
        time
        for (time,) in shop.sql(
            "select distinct updated_at from main.people__offered order by 1"
        )
    ]
    assert {row[0] for row in rows} <= set(times)
    return [[row[1:] for row in rows if row[0] == time] for time in times]


def test_each_change_is_offered_once_with_what_changed_alone(pulled: Shop) -> None:
    """Nulls that replace a value stay: without them Braze keeps the old one."""
    first, second, third = days(pulled, "cdi_people", "external_id, payload")
    assert first == [
        ('fine "1"', '{"first_name":"Ana, \\"A\\"","score":1.5}'),
        ("left", '{"first_name":"Ben","score":2.0}'),
        ("same", '{"first_name":"Cem","score":3.0}'),
    ]
    assert second == [('fine "1"', '{"score":3.0}')]
    assert third == [
        ('fine "1"', '{"first_name":null}'),
        ("left", '{"_update_existing_only":true,"first_name":null,"score":null}'),
    ]


def test_every_build_has_a_whole_second_of_its_own_and_none_lies_ahead(
    pulled: Shop,
) -> None:
    """Rows of a second that Braze has seen would be read again, all of them."""
    times = [
        time
        for (time,) in pulled.sql(
            "select distinct updated_at from main.visits__offered order by 1"
        )
    ]
    assert len(times) == 3
    assert all(time.microsecond == 0 for time in times)
    # A second for each build that came within the second of the one before.
    assert times[-1] <= datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=2)


def test_a_build_is_later_than_all_before_even_if_the_clock_went_back(
    pulled: Shop,
) -> None:
    """Braze would not read what is earlier than the last that it saw, ever."""
    assert pulled.sql(
        "select row_key, dense_rank() over (order by updated_at) "
        "from main.history__offered order by all"
    ) == [("v1", 1), ("v2", 2), ("v3", 3)]


def test_an_alias_stands_in_two_columns_and_numbers_keep_their_digits(
    pulled: Shop,
) -> None:
    """The payload is cut, not parsed and written again."""
    first, second, third = days(
        pulled, "cdi_members", "alias_name, alias_label, payload"
    )
    flag = '"_update_existing_only":false'
    assert first == [
        ('m,"1', "crm", f'{{{flag},"visits":1,"exact":12345678901234567890.123}}')
    ]
    assert second == [('m,"1', "crm", f'{{{flag},"visits":2}}')]
    assert third == [('m,"1', "crm", f'{{{flag},"visits":3}}')]


def test_an_event_is_offered_once_whatever_becomes_of_it(pulled: Shop) -> None:
    """An event that is offered again is counted again."""
    for day, rows in enumerate(days(pulled, "cdi_visits", "email, payload"), start=1):
        ((email, payload),) = rows
        assert email == "c@x.example"
        assert json.loads(payload) == {
            "name": "visited",
            "time": "2026-01-01T10:00:00.000Z",
            "properties": {"today": day, "event_id": f"v{day}"},
        }


def test_a_first_build_adopts_the_history_of_events(pulled: Shop) -> None:
    """What is there is mostly in Braze already: first_run says so, as of a sync."""
    assert pulled.sql(
        "select row_key, is_offered from main.history__offered order by 1"
    ) == [("v1", False), ("v2", True), ("v3", True)]


def test_of_an_item_braze_sees_the_last_version_or_that_it_is_gone(
    pulled: Shop,
) -> None:
    """Items travel whole. The definition of the catalog is no item."""
    first, second, third = days(pulled, "cdi_goods", "id, payload, deleted")
    assert (first, second) == ([], [])
    assert third == [("g1", '{"stock":3}', False), ("g2", "{}", True)]


def test_a_deletion_has_no_payload_and_ends_what_is_offered_of_the_user(
    pulled: Shop,
) -> None:
    """A row that Braze pulls after the deletion would make the profile anew."""
    assert days(pulled, "cdi_leavers", "*")[1:] == [[(*_time(pulled, 1), "gone")], []]
    offered = pulled.sql(
        "select count(*) from main.people__offered where row_key = 'gone'"
    )
    # On day 2, whichever of the two was built first; on day 3 not at all.
    assert offered in ([(1,)], [(2,)])
    assert pulled.sql("select * from main.cdi_people where external_id = 'gone'") == []


def _time(shop: Shop, day: int) -> tuple[datetime]:
    rows = shop.sql("select distinct updated_at from main.people__offered order by 1")
    return (rows[day][0],)


def test_what_cannot_be_said_is_kept_once_with_its_reason(pulled: Shop) -> None:
    """Nobody but us can say it: Braze's errors do not come back."""
    assert pulled.sql(
        "select row_key, problem, count(*) from main.people__offered "
        "where problem is not null group by all order by all"
    ) == [
        ("twice", "the key stands more than once in the mart", 2),
        ("wrong", "a number is NaN or infinite", 1),
    ]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("both__offered", "both__pending delivers the same mart"),
        ("parts__offered", "min_interval is for rows that are pushed"),
        ("odd__offered", "first_runs 'send' is none of object, mode"),
        ("odd__offered", "user 'email' is none of external_id, braze_id"),
    ],
)
def test_what_would_go_wrong_in_braze_is_not_built(
    pulled: Shop, model: str, words: str
) -> None:
    """The words say what to change."""
    refusals = json.loads((pulled.directory / "refusals.json").read_text("utf-8"))
    assert words in refusals[model]
