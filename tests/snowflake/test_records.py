"""Records and events of Movable Ink are the same pending rows on both engines.

The rows of the demo hold few faults: here stand those that hold many.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.movable_ink.test_problems import PROBLEMS
from tests.runner.rendering import render_model

from .access import Emulator
from .unit_cases import Case, Row, on_duckdb, on_snowflake, quoted

LEDGER = ["sent_rows", "rejected_rows", "unknown_rows", "suppressed_users", "runs"]


def pending(
    emulator: Emulator, file: Path, model: str, tables: dict[str, Any]
) -> list[Row]:
    """The pending rows of a model on both engines; the mart is the first table."""
    file.write_text(f"{{{{ {model} }}}}", encoding="utf-8")
    ledger: dict[str, Any] = {f"ledger_{name}": [] for name in LEDGER}
    given = [
        {"input": f"ref('{name}')", "rows": rows}
        for name, rows in (tables | (ledger | tables)).items()
    ]
    case = Case(file.stem, str(file.with_suffix("")), given, {}, {})

    expected, made = on_duckdb(case)
    with emulator.connect("RECORDS", "GIVEN") as connection:
        found = on_snowflake(case, made, connection, "RECORDS.GIVEN")

    assert found == expected
    return expected


THINGS = """
    select
        'é/"x"' as id,
        {'orders': 3, 'last': null, 'brands': ['a', null]} as "90_day_summary",
        cast('12345678901234567.10' as decimal(20, 2)) as price,
        cast(9007199254740993 as bigint) as big,
        cast(0.1 as double) as real,
        true as is_new,
        'it''s "so" \\ and so' as note,
        date '2026-01-31' as born_on,
        timestamp '2026-01-31 10:00:00.5' as seen_at,
        timestamptz '2026-01-31 10:00:00+02' as zone_at,
        ['x', null] as tags,
        cast('{"a": {"b": null}, "n": [1.50]}' as json) as extra,
        cast(null as varchar) as nothing,
        'secret' as unnamed
"""
NAMES = [
    "zone_at", "id", "90_day_summary", "price", "big", "real", "is_new", "note",
    "born_on", "seen_at", "tags", "extra", "nothing",
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "mart"),
    [("id", "ref('things')"), ("seen_at", "'(select * from ' ~ ref('things') ~ ')'")],
)
def test_a_record_holds_every_type_as_the_mart_has_it(
    emulator: Emulator, tmp_path: Path, key: str, mart: str
) -> None:
    rows = pending(
        emulator,
        tmp_path / "things__pending.sql",
        f"pending_records({mart}, collection='things', key='{key}',"
        f" columns={NAMES}, "
        "indexes={'born_on': {}, 'price': {'order': ['seen_at', 'big desc']}},"
        " missing={'it': ['<b>', none, 'a\\\\b\"c']})",
        {"things": THINGS},
    )

    assert [row["problem"] for row in rows] == [None, None]


FAULTY = """
    select * replace (nullif(id, 'none') as id)
    from (values
        ('good', 'a@b.c', '{"Infinity": ["NaN", null]}', 1.5, '"Berlin"', '1'),
        ('none', null, null, null, null, null),
        ('', 'b@b.c', '[]', null, 'null', 'null'),
        (repeat('é', 257), 'c@b.c', '[1]', 0, '1', '"x"'),
        ('twice', 'd@b.c', 'null', 0, '""', '1'),
        ('again', 'd@b.c', 'null', 0, '1.5', '1'),
        ('same', 'e@b.c', 'null', 0, 'true', 'true'),
        ('same', '', 'null', 0, '{"a": 1}', '1'),
        ('nan', '', 'null', cast('nan' as double), '"x"', '1'),
        ('long', '', '["' || repeat('x', 1000000) || '"]', 0, '"x"', '1'),
        ('erased', 'f@b.c', 'null', 0, '"x"', '1')
    ) as rows(id, mail, nested, score, city, rank)
"""


def test_a_record_that_must_not_be_served_says_why(
    emulator: Emulator, tmp_path: Path
) -> None:
    rows = pending(
        emulator,
        tmp_path / "things__pending.sql",
        "pending_records(ref('things'), collection='things', key='id', user='id',"
        " columns=['id', 'nested', 'score'],"
        " indexes={'mail': {}, 'city': {'order': ['rank']}})",
        {
            "things": "select * replace (cast(nested as json) as nested,"
            " cast(city as json) as city, cast(rank as json) as rank,"
            f" cast(score as double) as score) from ({FAULTY})",
            "ledger_suppressed_users": [{"user_hash": erased("external_id:erased")}],
        },
    )

    assert {row["problem"] for row in rows} == {
        None,
        "id is null: a record is found by it",
        "id is empty: a record is found by it",
        "id has more than 512 bytes",
        "index mail: another record has the same value",
        "the order rank is neither a number nor a text",
        "index city is an array or an object: no record can be found by it",
        "score holds a number or a time that is NaN or infinite",
        "the record has more than 1,000,000 bytes",
    }
    assert {row["key_count"] for row in rows} == {1, 2}


def erased(user_key: str) -> str:
    """How the list of suppressed users knows somebody."""
    return hashlib.sha256(user_key.encode()).hexdigest()


def sent(row_key: str, row_json: str, row_hash: str = "old") -> Row:
    """A row of the ledger."""
    return {
        "sync": "things",
        "row_key": f"things/{row_key}",
        "row_hash": row_hash,
        "row_json": row_json,
    }


def test_a_record_without_a_row_goes_as_the_sync_says(
    emulator: Emulator, tmp_path: Path
) -> None:
    record = '{"user_key":"external_id:%s","indexes":[],"record":{"id":"%s"}}'
    operations = {}
    for on_removed in ("delete", "keep", "tombstone"):
        rows = pending(
            emulator,
            tmp_path / "things__pending.sql",
            "pending_records(ref('things'), collection='things', key='id', user='id',"
            f" columns=['id'], on_removed='{on_removed}')",
            {
                "things": "select unnest(['here', 'erased']) as id",
                "ledger_sent_rows": [
                    sent("erased", record % ("erased", "erased")),
                    sent("gone", record % ("gone", "gone")),
                    sent('a/"b"', '{"indexes":[],"record":{"id":null}}'),
                    sent("stone", '{"tombstone":true}'),
                ],
                "ledger_suppressed_users": [
                    {"user_hash": erased("external_id:erased")}
                ],
            },
        )
        operations[on_removed] = sorted(
            (row["row_key"].removeprefix("things/"), row["operation"]) for row in rows
        )

    always = [("here", "records"), ("things", "collection")]
    assert operations["keep"] == sorted([("erased", "records_delete"), *always])
    assert operations["tombstone"] == sorted(
        [
            ("erased", "records_delete"),
            ('a/"b"', "tombstones"),
            ("gone", "tombstones"),
            # The definition is another one.
            ("stone", "tombstones"),
            *always,
        ]
    )
    assert {key for key, _ in operations["delete"]} == {
        key for key, _ in operations["tombstone"]
    }


def events(*given: Row) -> str:
    """A mart of Movable Ink's in DuckDB's SQL; what an event does not say is right."""
    rows = []
    for number, event in enumerate(given):
        row = {
            "event_key": f"e{number}",
            "event": "search",
            "user_id": "u1",
            "anonymous_id": None,
            "minutes_ago": 5,
            "timezone": "UTC",
            "properties": {"query": "wipes"},
        } | event
        row["properties"] = row["properties"] and json.dumps(row["properties"])
        minutes = row.pop("minutes_ago")
        texts = ", ".join(f"{quoted(text)} as {name}" for name, text in row.items())
        rows.append(
            f"select {texts}, date_trunc('second', timezone('UTC', now()))"
            f" - interval ({minutes}) minute as occurred_at"
        )
    return (
        "select * replace (cast(properties as json) as properties)"
        f" from ({' union all '.join(rows)})"
    )


def movable_ink(emulator: Emulator, file: Path, **tables: Any) -> list[Row]:
    """The pending rows of these events; Ada's address is known."""
    known = {
        "braze_time_zones": [{"time_zone": "UTC"}, {"time_zone": "America/New_York"}],
        "emails": [{"email": "Ada@example.com"}],
        # What was too old before the first push is not offered.
        "ledger_runs": "select 'things' as sync, cast(now() as timestamp) "
        "- interval 100 day as started_at",
    }
    model = "pending_movable_ink_events(ref('events'), known_emails=ref('emails'))"
    return pending(emulator, file, model, tables | known)


def test_an_event_that_is_not_as_agreed_says_why(
    emulator: Emulator, tmp_path: Path
) -> None:
    thing = {"id": "1", "title": "T", "url": "https://x.example/1", "price": 1.5}
    category = {"id": "c", "url": "http://x.example/c"}
    line = {"id": "1", "price": 2, "quantity": 1}
    order = {"id": "o", "revenue": 3, "products": [line]}
    faulty = [
        # None leaves without a user_id.
        *(event | {"user_id": event.get("user_id") or "u1"} for _, event in PROBLEMS),
        *(
            {"event": name, "properties": dict(properties) | change}
            for name, properties, changes in (
                (
                    "product_viewed",
                    thing,
                    [
                        {},
                        {"id": ""},
                        {"url": "ftp://x"},
                        {"url": "https://x.example/a b"},
                        {"price": "1.5"},
                        {"price": None},
                        {"categories": [category]},
                        {"categories": []},
                        {"categories": category},
                        {"categories": [category, {"id": "c"}]},
                        {"categories": ["c"]},
                        {"meta": {"a": 1}},
                        {"meta": "a"},
                        {"tags": ["a", None], "note": 'it\'s "so" \\ 😀'},
                        {"deep": [[None]]},
                    ],
                ),
                (
                    "order_completed",
                    order,
                    [
                        {},
                        {"currency": "EUR"},
                        {"currency": "eur"},
                        {"products": []},
                        {"products": [line, line | {"quantity": 0}]},
                        {"products": [line | {"quantity": 1.5}]},
                        {"products": [line | {"price": "2"}]},
                    ],
                ),
                ("cart_add", {}, [{}, {"quantity": 2}, {"quantity": -1}]),
            )
            for change in changes
        ),
    ]

    rows = movable_ink(
        emulator, tmp_path / "things__pending.sql", events=events(*faulty)
    )

    problems = [row["problem"] for row in rows]
    assert len(rows) == len(faulty)
    assert len(set(problems)) > 20
    assert problems.count(None) > 8


def rendered(folder: Path, text: str) -> str:
    """What a model says to Snowflake."""
    file = folder / "model.sql"
    file.write_text(text, encoding="utf-8")
    return render_model("snowflake", file, execute=True)


MOMENTS = {
    "1793440800250": 1793440800250,
    "cast(-1 as integer)": -1,
    "'1793440800250'": None,
    "cast(1793440800250.5 as number(20, 1))": None,
    "true": None,
    "cast('2026-10-31 10:00:00.25' as timestamp_ntz)": 1793440800250,
    "cast('2026-10-31 12:00:00.25 +02:00' as timestamp_tz)": 1793440800250,
    "cast('2026-10-31' as date)": 1793404800000,
    "cast(null as timestamp_ntz)": None,
}


def test_a_moment_is_a_timestamp_or_milliseconds(
    emulator: Emulator, tmp_path: Path
) -> None:
    """As on DuckDB: tests/movable_ink/test_problems.py."""
    names = [f"m{number}" for number in range(len(MOMENTS))]
    read = ", ".join(f"{{{{ as_milliseconds('{name}') }}}}" for name in names)
    columns = ", ".join(
        f"{moment} as {name}" for moment, name in zip(MOMENTS, names, strict=True)
    )

    (found,) = emulator.rows(
        "RECORDS", rendered(tmp_path, f"select {read} from (select {columns})")
    )

    assert dict(zip(MOMENTS, found, strict=True)) == MOMENTS


def test_an_event_waits_for_the_identify_of_its_pair(
    emulator: Emulator, tmp_path: Path
) -> None:
    def identify(number: int) -> Row:
        ids = {"user_id": f"u{number}", "anonymous_id": f"a{number}"}
        key = {"event_key": f"i{number}"}
        return ids | key | {"event": "identify", "properties": None}

    def search(number: int) -> Row:
        return {"user_id": f"u{number}", "anonymous_id": f"a{number}"}

    said = '{"event":"identify","user_id":"u2","anonymous_id":"a2","timestamp":1}'
    rows = movable_ink(
        emulator,
        tmp_path / "things__pending.sql",
        events=events(
            *(search(number) for number in range(5)),
            *(identify(number) for number in (1, 2, 3)),
            identify(4) | {"minutes_ago": 60 * 24 * 60},
            identify(5) | {"minutes_ago": 60 * 24 * 60},
            search(6) | {"minutes_ago": 400 * 24 * 60},
        ),
        ledger_sent_rows=[sent("", said) | {"row_key": "i2"}],
        ledger_unknown_rows=[{"sync": "things", "row_key": "i3"}],
        ledger_suppressed_users=[{"user_hash": erased("anonymous_id:a4")}],
    )

    told = {row["row_key"]: (row["problem"], row["waits"]) for row in rows}
    free = (None, None)
    assert told == {
        "e0": ("no identify row says that this anonymous_id is this user_id", None),
        "e1": free,
        "i1": free,
        "e2": free,
        "e3": (None, "the identify of its pair is unknown or was refused"),
        "i5": free,
    }


def test_an_anonymous_id_is_salted_alike(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    salt = "it's a \\salt that stays"
    monkeypatch.setenv("MOVABLE_INK_SALT", salt)
    sql = "select {{ movable_ink_anonymous_id(\"'c1'\") }}"
    ((made,),) = emulator.rows("RECORDS", rendered(tmp_path, sql))

    assert made == hashlib.sha256(f"{salt}:c1".encode()).hexdigest()
