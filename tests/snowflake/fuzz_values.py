"""Rows of every type that a mart may have, the same for every engine.

A value is made as text, or as JSON text where it is nested, and each engine casts it:
what is compared is the engines, not the way there.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Make = Callable[[random.Random], str]
Row = dict[str, str | None]

WORDS = [
    "gold",
    "Köln",
    "a,b",
    'a "quoted" word',
    "back\\slash",
    "null",
    ":null",
    '","k":null',
]
WORDS += [
    "",
    " ",
    "Ω≈ç√",
    "日本語",
    "👩‍👩‍👧",
    "{}",
    "[1]",
    "1e5",
    "NaN",
    "tab\tand\nline",
    "\x01\x1f\x7f",
]
WORDS += [
    "O'Hara",
    "%s {{ }} ?",
    "true",
    "x" * 300,
    "\u2028",
    "é",
    "e\u0301",
    "/",
    "</script>",
]
NAMES = ["city", "floor", "a b", "Ünï", "a.b", "k"]
FIRST_RUN = "2026-01-05 00:00:00"
SPECIAL = [
    "0",
    "-0.0",
    "5",
    "0.1",
    "1e308",
    "5e-324",
    "2.2250738585072014e-308",
    "1e-7",
]
SPECIAL += [
    "1e16",
    "123456789.125",
    "-1.7976931348623157e308",
    "3.3333333333333335",
    "1e21",
]


@dataclass(frozen=True)
class Column:
    """A column of the mart by the types of the engines."""

    duckdb: str
    snowflake: str
    make: Make
    is_nested: bool = False


def text(chance: random.Random) -> str:
    """Words with all that JSON must escape, and much that it need not."""
    return " ".join(chance.choices(WORDS, k=chance.choice([1, 1, 1, 2, 3])))


def digits(most: int) -> Make:
    """Integers of up to that many digits."""

    def make(chance: random.Random) -> str:
        count = chance.randint(1, most)
        return str(chance.randint(-(10**count) + 1, 10**count - 1))

    return make


def decimal(whole: int, fraction: int) -> Make:
    """Decimals with that many digits at most before and after the point."""

    def make(chance: random.Random) -> str:
        size = chance.randint(1, whole)
        number = chance.randint(-(10**size) + 1, 10**size - 1)
        return f"{number}.{chance.randrange(10**fraction):0{fraction}d}"

    return make


def double(chance: random.Random) -> str:
    """Floats: plain, of any magnitude, at the ends, and now and then none at all."""
    kind = chance.random()
    if kind < 0.003:
        return chance.choice(["NaN", "inf", "-inf"])
    if kind < 0.3:
        return chance.choice(SPECIAL)
    if kind < 0.6:
        return repr(chance.uniform(-1, 1) * 10 ** chance.randint(-300, 300))
    return repr(round(chance.uniform(-1000, 1000), chance.randint(0, 6)))


def day(chance: random.Random) -> str:
    """Dates from year 1 to year 9999."""
    if chance.random() < 0.1:
        return chance.choice(["0001-01-01", "9999-12-31", "1582-10-15", "2024-02-29"])
    return date(chance, 1, 9999)


def date(chance: random.Random, first: int, last: int) -> str:
    """A date between two years."""
    year, month = chance.randint(first, last), chance.randint(1, 12)
    return f"{year:04d}-{month:02d}-{chance.randint(1, 28):02d}"


def clock(chance: random.Random) -> str:
    """Times of day, half of them with a fraction."""
    hours, minutes = chance.randrange(24), chance.randrange(60)
    whole = f"{hours:02d}:{minutes:02d}:{chance.randrange(60):02d}"
    return whole + chance.choice(["", f".{chance.randrange(10**6):06d}"])


def moment(chance: random.Random) -> str:
    """Times without a zone."""
    return f"{date(chance, 1000, 9998)} {clock(chance)}"


def zoned(chance: random.Random) -> str:
    """Times with a zone."""
    minutes = chance.choice(["00", "30", "45"])
    zone = f"{chance.choice('+-')}{chance.randrange(14):02d}:{minutes}"
    return moment(chance) + zone


def plain(chance: random.Random) -> Any:
    """A value without members, of digits that a double keeps."""
    return chance.choice(
        [
            chance.choice(WORDS),
            chance.randint(-(10**15), 10**15),
            round(chance.uniform(-1e6, 1e6), 3),
            chance.random() < 0.5,
            None if chance.random() < 0.3 else 7,
        ]
    )


def nested(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """An object; now and then with nulls, deeper objects and arrays in it."""
    found: dict[str, Any] = {}
    for name in chance.sample(NAMES, chance.randrange(len(NAMES))):
        kind = chance.random()
        if kind < 0.15 and depth < 3:
            found[name] = nested(chance, depth + 1)
        elif kind < 0.25:
            found[name] = [plain(chance) or 0 for _ in range(chance.randrange(3))]
        elif kind < 0.26:
            found[name] = [None, 1]
        else:
            found[name] = plain(chance)
    return found


def json_of(make: Callable[[random.Random], Any]) -> Make:
    """A maker of the JSON text of what another makes."""
    return lambda chance: json.dumps(make(chance), ensure_ascii=chance.random() < 0.5)


def items(chance: random.Random) -> list[Any]:
    """Plain values, some twice, some null."""
    return [plain(chance) for _ in range(chance.randrange(5))]


def elements(chance: random.Random) -> list[Any]:
    """Objects with a key, which is missing or stands twice now and then."""
    numbers = chance.sample(range(8), chance.randrange(6))
    if chance.random() < 0.02 and numbers:
        numbers.append(numbers[0])
    found: list[Any] = [
        {
            "id": chance.choice([number, number, f"n{number}"]),
            "state": chance.choice(["open", "paid"]),
        }
        | ({"note": "long " * 20} if chance.random() < 0.8 else {})
        for number in numbers
    ]
    if chance.random() < 0.02 and found:
        found[0].pop("id")
    return found


COLUMNS: Mapping[str, Column] = {
    "word": Column("varchar", "varchar", text),
    "Mixed Case": Column("varchar", "varchar", text),
    "lowerCamel": Column("integer", "number(9, 0)", digits(9)),
    "whole": Column("bigint", "number(18, 0)", digits(18)),
    "wide": Column("decimal(37, 0)", "number(37, 0)", digits(37)),
    "exact": Column("decimal(38, 9)", "number(38, 9)", decimal(29, 9)),
    "money": Column("decimal(18, 2)", "number(18, 2)", decimal(9, 2)),
    "score": Column("double", "float", double),
    "flag": Column(
        "boolean", "boolean", lambda chance: chance.choice(["true", "false"])
    ),
    "email_subscribe": Column("varchar", "varchar", lambda chance: "opted_in"),
    "day": Column("date", "date", day),
    "clock": Column("time", "time", clock),
    "moment": Column("timestamp", "timestamp_ntz", moment),
    "changed_at": Column(
        "timestamp",
        "timestamp_ntz",
        lambda chance: chance.choice(
            ["2026-01-01", "2026-01-04 12:00:00", "2026-02-01"]
        ),
    ),
    "zoned": Column("timestamptz", "timestamp_tz", zoned),
    "local": Column("timestamptz", "timestamp_ltz", zoned),
    "tags": Column("json", "array", json_of(items), is_nested=True),
    "home": Column("json", "object", json_of(nested), is_nested=True),
    "orders": Column("json", "array", json_of(elements), is_nested=True),
    "anything": Column(
        "json",
        "variant",
        json_of(lambda chance: chance.choice([nested, items, plain])(chance)),
        is_nested=True,
    ),
}


def rows(count: int, seed: int) -> dict[str, Row]:
    """Row key -> a value as text by column; the same for the same seed."""
    chance = random.Random(seed)
    return {f"k{number}": row(chance) for number in range(count)}


def row(chance: random.Random) -> Row:
    """A value for each column, or null."""
    return {
        name: None if chance.random() < 0.15 else column.make(chance)
        for name, column in COLUMNS.items()
    }


def later(told: Mapping[str, Row], seed: int) -> dict[str, Row]:
    """The same some time later: rows as they were, changed, gone, new."""
    chance = random.Random(seed)
    found: dict[str, Row] = {}
    for key, values in told.items():
        fate = chance.random()
        if fate < 0.1:
            continue
        found[key] = dict(values)
        if fate < 0.7:
            for name in chance.sample(list(COLUMNS), chance.randint(1, 5)):
                made = COLUMNS[name].make(chance)
                found[key][name] = None if chance.random() < 0.2 else made
        if fate < 0.2:
            found[key] = {
                name: spelled(value, chance) for name, value in found[key].items()
            }
    return found | {f"new{key}": row(chance) for key in list(told)[::10]}


def spelled(value: str | None, chance: random.Random) -> str | None:
    """The same object with its keys in another order."""
    try:
        read = json.loads(value or "")
    except ValueError:
        return value
    if not isinstance(read, dict):
        return value
    members = list(read.items())
    chance.shuffle(members)
    return json.dumps(dict(members))
