"""What dbt and the runner rely on works on the emulator; each shim is held here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .access import Emulator

# Fails for who installed the development extra without Snowflake's, and says so.
errors = pytest.importorskip("snowflake.connector.errors")

ROWS = json.dumps([{"i": 1, "h": "x"}, {"i": 2, "h": "y"}])
FROM_JSON = (
    "insert into items select f.value:i::int, f.value:h::varchar "
    "from table(flatten(input => parse_json(?))) f"
)


@pytest.fixture
def cursor(emulator: Emulator) -> Iterator[Any]:
    """A cursor over an empty table `items`."""
    with emulator.connect("EMULATED") as connection:
        cursor = connection.cursor()
        cursor.execute("create or replace table items (i int, h varchar)")
        yield cursor


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("to_number('ff00ff00', 'XXXXXXXX')", 0xFF00FF00),
        (
            "to_char(to_timestamp_ntz('2026-01-02 03:04:05.678'),"
            ' \'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"\')',
            "2026-01-02T03:04:05.678Z",
        ),
        (
            'to_char(c, \'YYYY-MM-DD"T"HH24:MI"Z"\')'
            " from (select '2026-01-02 03:04:05'::timestamp_ntz as c)",
            "2026-01-02T03:04Z",
        ),
        ("to_char(try_to_timestamp_ntz('2026-01-02'), 'YYYYMMDD')", "20260102"),
        ("try_to_timestamp_ntz('nonsense')", None),
        (
            "try_to_timestamp_ntz('2026-01-02T', 'YYYY-MM-DD\"T\"')::date::varchar",
            "2026-01-02",
        ),
        ("to_variant('x')::varchar", "x"),
        ("octet_length('zwölf')", 6),
        ("hash('x') between -pow(2, 63) and pow(2, 63)", True),
        ("array_construct('a', 'b')", '["a", "b"]'),
        ("case when true then ['a', 'b'] end", '["a", "b"]'),
        ("array_construct_compact('a', null)", '["a"]'),
        ("arrays_overlap(['a', 'b'], array_construct('b'))", True),
        ("arrays_overlap(['a'], ['b'])", False),
        ("array_contains('b'::variant, ['a', 'b'])", True),
        ("array_contains('c'::variant, ['a', 'b'])", False),
        ("array_agg(c) from (select 'a' as c union all select null)", '["a"]'),
        ("array_agg(c) from (select 'a' as c) where c = 'b'", "[]"),
        (
            "array_agg(c) within group (order by c desc)"
            " from (select 'a' as c union all select 'b')",
            '["b", "a"]',
        ),
        ("octet_length('é')", 2),
        ("sum(c)::varchar from (select 0.1 as c union all select 0.2)", "0.3"),
        ("'costs $ten'", "costs $ten"),
        (
            "to_json(get(parse_json('{\"a\":12345678901234567890.5}'), 'a'))",
            "12345678901234567890.5",
        ),
        ("get(parse_json('{\"a\":\"x\"}'), 'a')::varchar", "x"),
        ("typeof(parse_json('1.5'))", "DECIMAL"),
        ("typeof(parse_json('1e300'))", "DOUBLE"),
        ("typeof(parse_json('{}'))", "OBJECT"),
        (
            'to_json(parse_json(\'{"a":1,"b":2}\'))'
            ' = to_json(parse_json(\'{"b":2.0,"a":1}\'))',
            True,
        ),
        ("regexp_replace('a\\\\b', '[^a\\\\\\\\]', 'x')", "a\\x"),
        (
            "listagg(m.path, ' ') within group (order by m.path)"
            ' from (select parse_json(\'{"a":{"b":1},"c":[{"d":1}]}\') as o),'
            " lateral flatten(input => o, recursive => true, mode => 'OBJECT') as m",
            "a a.b c",
        ),
    ],
)
def test_functions_answer_as_snowflake_documents(
    cursor: Any, expression: str, value: object
) -> None:
    (found,) = cursor.execute(f"select {expression}").fetchone()

    if isinstance(value, str) and value.startswith("["):
        found, value = json.loads(found), json.loads(value)
    assert found == value


def test_dml_says_how_many_rows_it_touched(cursor: Any) -> None:
    cursor.execute(FROM_JSON, (ROWS,))
    assert cursor.rowcount == 2
    cursor.execute("update items set h = ? where i = ?", ("z", 1))
    assert cursor.rowcount == 1
    cursor.execute(
        "merge into items using (select 2 as i, 'm' as h union all select 3, 'n') s"
        " on items.i = s.i when matched then update set h = s.h"
        " when not matched then insert (i, h) values (i, h)"
    )
    assert cursor.rowcount == 2
    cursor.execute("delete from items where i = 1")
    assert cursor.rowcount == 1
    assert cursor.execute("select * from items order by i").fetchall() == [
        (2, "m"),
        (3, "n"),
    ]


@pytest.mark.parametrize(("end", "kept"), [("commit", 2), ("rollback", 0)])
def test_a_transaction_ends_as_told(cursor: Any, end: str, kept: int) -> None:
    cursor.execute("begin")
    cursor.execute(FROM_JSON, (ROWS,))
    cursor.execute(end)

    assert cursor.execute("select count(*) from items").fetchone() == (kept,)


def test_a_sum_is_described_as_a_number(cursor: Any) -> None:
    cursor.execute("create or replace view sums as select sum(i) as total from items")

    assert cursor.execute("describe table sums").fetchone()[1] == "NUMBER(38,0)"


def test_to_make_a_table_commits(cursor: Any) -> None:
    cursor.execute("begin")
    cursor.execute(FROM_JSON, (ROWS,))
    cursor.execute("create temporary table made (i int)")
    cursor.execute("rollback")

    assert cursor.execute("select count(*) from items").fetchone() == (2,)


@pytest.mark.parametrize(
    "setting",
    ["query_tag = 'a; b'", "lock_timeout = 5", "abort_detached_query = true"],
)
def test_a_session_takes_settings(cursor: Any, setting: str) -> None:
    cursor.execute(f"alter session set {setting}")

    assert cursor.fetchone() == ("Statement executed successfully.",)


@pytest.mark.parametrize(
    "statement",
    [
        "selec",
        "select no_such_function(1)",
        "select * from no_such_table",
        "select cast('x' as int)",
        "select object_delete(parse_json('{}'), 'a')",
        "put file://nowhere @~",
    ],
)
def test_a_statement_that_fails_is_an_error_and_not_a_hang(
    cursor: Any, statement: str
) -> None:
    with pytest.raises(errors.Error):
        cursor.execute(statement, timeout=5)

    assert cursor.execute("select 1").fetchone() == (1,)


def test_rows_come_as_arrow(cursor: Any) -> None:
    cursor.execute(
        "select seq4() as n, array_construct('a') as items"
        " from table(generator(rowcount => 5000))"
    )

    batches = list(cursor.fetch_arrow_batches())

    assert sum(batch.num_rows for batch in batches) == 5000
    assert batches[0].to_pylist()[0] == {"N": 0, "ITEMS": '["a"]'}


def test_a_temporary_table_stands_where_it_is_said_to(cursor: Any) -> None:
    name = "EMULATED.BRIDGE.passing"
    cursor.execute(f"create or replace temporary table {name} as select 1 as a")

    assert cursor.execute(f"select a from {name}").fetchone() == (1,)


def test_what_is_bound_may_be_said_twice_by_the_translation(cursor: Any) -> None:
    cursor.execute(FROM_JSON, [ROWS])

    cursor.execute(
        "select h from items where h in "
        "(select cast(value as varchar) from table(flatten(parse_json(?)))) and i > ?",
        ['["x", "y"]', 1],
    )

    assert cursor.fetchall() == [("y",)]
