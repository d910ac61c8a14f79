"""What pending_records() puts, when it puts it, and what it holds back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from .collection import Collection

TWO = "select unnest(['a', 'b']) as id, unnest(['red', 'blue']) as colour"
THINGS: dict[str, Any] = {"columns": ["id", "colour"]}


def test_a_record_is_the_json_of_the_mart_in_the_order_of_the_columns() -> None:
    things = Collection(
        {
            "columns": [
                "zone_at", "id", "90_day_summary", "price", "big", "real", "is_new",
                "note", "born_on", "seen_at", "tags", "extra", "nothing",
            ]
        }
    )  # fmt: skip
    things.mart("""
        select
            'é/"x"' as id,
            {'orders': 3, 'last': null, 'brands': ['a', null]} as "90_day_summary",
            cast('12345678901234567.10' as decimal(20, 2)) as price,
            cast(9007199254740993 as bigint) as big,
            cast(0.1 as float) as real,
            true as is_new,
            'it''s "so"' as note,
            date '2026-01-31' as born_on,
            timestamp '2026-01-31 10:00:00.5' as seen_at,
            timestamptz '2026-01-31 10:00:00+02' as zone_at,
            ['x', null] as tags,
            cast('{"a": {"b": null}, "n": [1.50]}' as json) as extra,
            cast(null as varchar) as nothing,
            'secret' as unnamed
    """)

    pending = things.pending()

    row = pending['things/é/"x"']
    assert row["payload"] == (
        '{"indexes":[],"record":{"zone_at":"2026-01-31T08:00:00.000Z","id":"é/\\"x\\"",'
        '"90_day_summary":{"orders":3,"last":null,"brands":["a",null]},'
        '"price":12345678901234567.10,"big":9007199254740993,"real":0.1,"is_new":true,'
        '"note":"it\'s \\"so\\"","born_on":"2026-01-31",'
        '"seen_at":"2026-01-31T10:00:00.500Z","tags":["x",null],'
        '"extra":{"a":{"b":null},"n":[1.5]},"nothing":null}}'
    )
    assert row["row_json"] == row["payload"]
    assert json.loads(row["payload"], parse_float=Decimal)
    assert (row["problem"], row["scope"], row["change"]) == (None, "things", "added")


def test_the_definition_goes_first_and_says_all_of_it() -> None:
    things = Collection(
        {
            "columns": ["id", "colour"],
            "indexes": {"email": {}, "city": {"order": ["rank", "score desc"]}},
            "missing": {"it's": ["<b>", None]},
            "cache_seconds": 60,
        }
    )
    things.mart(
        f"select *, 'x' as email, 'y' as city, 1 as rank, 2 as score from ({TWO})"
        " where false"
    )

    (row,) = things.pending().values()

    assert row["operation"] == "collection"
    assert row["row_key"] == row["scope"] == "things"
    assert row["payload"] == row["row_json"]
    assert json.loads(row["payload"]) == {
        "collection": "things",
        "key": "id",
        "indexes": [
            {"name": "email"},
            {
                "name": "city",
                "list": True,
                "order": ["rank", "score desc"],
                "most": 25,
            },
        ],
        "columns": ["id", "colour"],
        "missing": {"it's": ["<b>", None]},
        "cache_seconds": 60,
    }


def test_a_record_brings_its_entries_in_each_index() -> None:
    things = Collection(
        {
            "columns": ["id"],
            "indexes": {
                "mail": {},
                "size": {},
                "city": {"order": ["rank", "name", "day desc"], "most": 5},
            },
        }
    )
    things.mart("""
        select
            unnest(['a', 'b']) as id,
            unnest(['a@b.c', '']) as mail,
            unnest([42, null]) as size,
            unnest(['Köln', 'Köln']) as city,
            unnest([1, null]) as rank,
            unnest(['"n"', '']) as name,
            unnest([date '2026-01-31', null]) as day
    """)

    assert things.records() == {
        "a": {
            "indexes": [
                ["mail", "a@b.c"],
                ["size", "42"],
                ["city", "Köln", [1, '"n"', "2026-01-31"]],
            ],
            "record": {"id": "a"},
        },
        "b": {"indexes": [["city", "Köln", [None, "", None]]], "record": {"id": "b"}},
    }


@pytest.mark.parametrize("key", ["123", "cast(123 as bigint)", "'123'"])
def test_a_key_is_looked_up_as_text_whatever_its_type(key: str) -> None:
    things = Collection({"user": "id"})
    things.mart(f"select {key} as id")

    assert things.pending()["things/123"]["user_key"] == "external_id:123"


def test_only_what_changed_is_put_again() -> None:
    things = Collection(THINGS)
    things.mart(TWO)
    assert things.push() == [
        ("collection", "things"),
        ("records", "things/a"),
        ("records", "things/b"),
    ]

    assert things.push() == []
    things.mart(f"select id, upper(colour) as colour, 1 as other from ({TWO})"
                " where id = 'a' union all select *, 2 from"
                f" ({TWO}) where id = 'b'")  # fmt: skip

    assert things.push() == [("records", "things/a")]
    assert things.push() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"columns": ["colour", "id"]},
        {"indexes": {"colour": {}}},
        {"indexes": {"other": {"order": ["id"]}}},
        {"missing": {}},
        {"cache_seconds": 1},
    ],
)
def test_another_definition_makes_every_record_pending(changed: dict[str, Any]) -> None:
    """Also those to which it makes no difference: the store may lay them otherwise."""
    things = Collection(dict(THINGS))
    things.mart(f"select *, cast(null as varchar) as other from ({TWO})")
    things.push()

    things.options |= changed

    assert things.push() == [
        ("collection", "things"),
        ("records", "things/a"),
        ("records", "things/b"),
    ]
    assert things.push() == []


@pytest.mark.parametrize(
    ("on_removed", "operation"),
    [("delete", ["records_delete"]), ("tombstone", ["tombstones"]), ("keep", [])],
)
def test_a_record_that_left_and_comes_back_is_told_each_time_once(
    on_removed: str, operation: list[str]
) -> None:
    things = Collection(THINGS | {"on_removed": on_removed})
    things.mart(TWO)
    things.push()

    things.mart(f"{TWO} limit 1")
    left = things.pending()
    assert things.push() == [(name, "things/b") for name in operation]
    assert things.push() == []

    payloads = {"delete": {"key": "b"}, "tombstone": {"tombstone": True}}
    for row in left.values():
        assert json.loads(row["payload"]) == payloads[on_removed]
        assert (row["change"], row["scope"]) == ("removed", "things")

    things.mart(TWO)
    # What was kept never left the store.
    assert things.push() == [("records", "things/b")] * len(operation)
    assert things.push() == []


def test_a_tombstone_stands_again_in_a_store_that_is_made_anew() -> None:
    things = Collection(THINGS | {"on_removed": "tombstone"})
    things.mart(TWO)
    things.push()
    things.mart(f"{TWO} limit 1")
    things.push()

    things.warehouse.execute("update db.ledger.ledger_sent_rows set row_hash = ''")
    everything = [
        ("collection", "things"),
        ("records", "things/a"),
        ("tombstones", "things/b"),
    ]
    assert things.push() == everything
    things.options["cache_seconds"] = 60
    assert things.push() == everything
    assert things.push() == []


def test_a_sync_fills_one_collection_for_good() -> None:
    things = Collection(THINGS)
    things.mart(TWO)
    things.push()

    things.options["collection"] = "others"

    (row,) = things.rows()
    assert (row["row_key"], row["operation"]) == ("others", "collection")
    assert row["problem"] == (
        "this sync has filled the collection things: give the model another name too"
    )


@pytest.mark.parametrize("on_removed", ["delete", "keep", "tombstone"])
def test_who_is_erased_is_taken_out_whatever_the_mart_still_holds(
    on_removed: str,
) -> None:
    things = Collection(THINGS | {"user": "colour", "on_removed": on_removed})
    things.mart(TWO)
    assert things.records()["a"] == {
        "user_key": "external_id:red",
        "indexes": [],
        "record": {"id": "a", "colour": "red"},
    }
    things.push()

    things.warehouse.execute(
        "insert into db.ledger.ledger_suppressed_users "
        "values (sha256('external_id:red'))"
    )

    assert things.push() == [("records_delete", "things/a")]
    assert things.push() == []


def test_nothing_is_put_of_a_suppressed_person_and_a_record_of_nobody_is() -> None:
    things = Collection(THINGS | {"user": "colour"})
    things.mart(f"{TWO} union all select 'c', null")
    things.warehouse.execute(
        "insert into db.ledger.ledger_suppressed_users "
        "values (sha256('external_id:red'))"
    )

    assert list(things.records()) == ["b", "c"]
    assert things.records()["c"]["user_key"] is None


BAD_ROWS = {
    "id is null: a record is found by it": "cast(null as varchar) as id",
    "id is empty: a record is found by it": "'' as id",
    "id has more than 512 bytes": "repeat('é', 257) as id",
    "the record has more than 1,000,000 bytes": "repeat('x', 999981) as blob",
    "score holds a number or a time that is NaN or infinite": (
        "cast('infinity' as double) as score"
    ),
    "day holds a number or a time that is NaN or infinite": ("date 'infinity' as day"),
    "nested holds a number or a time that is NaN or infinite": (
        "[{'a': null, 'b': cast('nan' as double)}] as nested"
    ),
    "days holds a number or a time that is NaN or infinite": (
        "{'a': [date '2026-01-31', date '-infinity']} as days"
    ),
    "index city is an array or an object: no record can be found by it": (
        "['Berlin'] as city"
    ),
    "the order rank is neither a number nor a text": "true as rank",
}
GOOD_ROW = {
    "id": "repeat('é', 256) as id",
    "blob": "repeat('x', 990000) as blob",
    "score": "1.5 as score",
    "day": "date '2026-01-31' as day",
    "nested": "{'Infinity': ['NaN', 'nan', null]} as nested",
    "days": "['infinity'] as days",
    "city": "'Berlin' as city",
    "rank": "cast(null as boolean) as rank",
}


@pytest.mark.parametrize("problem", [None, *BAD_ROWS])
def test_a_record_that_must_not_be_served_is_held_back(problem: str | None) -> None:
    things = Collection(
        {
            "columns": ["id", "blob", "score", "nested", "days", "day"],
            "indexes": {"city": {"order": ["rank"]}},
        }
    )
    row = dict(GOOD_ROW)
    if problem:
        row[BAD_ROWS[problem].rsplit(" ", 1)[1]] = BAD_ROWS[problem]
    things.mart(f"select {', '.join(row.values())}")

    ((_, found),) = (item for item in things.pending().items() if item[0] != "things")

    assert found["problem"] == problem


def test_records_that_share_a_value_of_a_unique_index_wait_until_they_do_not() -> None:
    things = Collection({"columns": ["id"], "indexes": {"mail": {}}})
    shared = "select unnest(['a', 'b', 'c', 'd']) as id, unnest({}) as mail"
    things.mart(shared.format("['x', 'x', 'y', null]"))
    problem = "index mail: another record has the same value"

    records = things.records()
    assert (records["a"], records["b"]) == (problem, problem)
    assert records["c"]["indexes"] == [["mail", "y"]]

    things.push()
    assert things.push() == []
    # The row of b is as it was, and offered all the same.
    things.mart(shared.format("['z', 'x', 'y', null]"))
    assert things.push() == [("records", "things/a"), ("records", "things/b")]

    # Who had it first keeps it; who claims it waits.
    things.mart(shared.format("['z', 'x', 'z', null]"))
    assert things.records() == {"c": problem.replace('"x"', '"z"')}


def test_two_records_of_one_key_are_counted() -> None:
    things = Collection({})
    things.mart("select unnest(['a', 'a']) as id")

    assert [row["key_count"] for row in things.rows()] == [1, 2, 2]
