"""What Braze should hold for a mart, worked out from its typed columns.

Independent of the payloads on purpose: a test that compared SQL with the same SQL
could not fail.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from runner.sandbox import Sandbox

FIELDS = {
    "email",
    "phone",
    "first_name",
    "last_name",
    "dob",
    "gender",
    "country",
    "language",
    "home_city",
    "time_zone",
}


def wanted(database: str, mart: str) -> dict[str, dict[str, Any]]:
    """external_id -> attribute -> value, without nulls."""
    connection = duckdb.connect(database, read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'")
        types = {
            row[0]: row[1] for row in connection.execute(f"describe {mart}").fetchall()
        }
        rows = connection.execute(f"select * from {mart}").fetchall()
    finally:
        connection.close()
    people = {}
    for row in rows:
        values = {
            name: as_braze(value, types[name])
            for name, value in zip(types, row, strict=True)
            if value is not None
        }
        people[str(values.pop("external_id"))] = values
    return people


def as_braze(value: Any, kind: str = "") -> Any:  # noqa: PLR0911 - a line a type
    """A value as Braze keeps it: JSON's types, ISO times, no nulls inside."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
            f"{moment.microsecond // 1000:03d}Z"
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if kind == "JSON":
        import json  # noqa: PLC0415

        return as_braze(json.loads(value))
    if kind == "FLOAT":
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {
            name: as_braze(inner) for name, inner in value.items() if inner is not None
        }
    if isinstance(value, list):
        return [as_braze(inner) for inner in value]
    return value


def held(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """external_id -> attribute -> value, as the sandbox has them."""
    return {
        key: {name: profile[name] for name in FIELDS if name in profile}
        | profile.get("custom_attributes", {})
        for key, profile in sandbox.profiles().items()
    }


def differences(
    expected: dict[str, dict[str, Any]], actual: dict[str, dict[str, Any]]
) -> list[str]:
    """The first differences, as sentences; none when both are equal."""
    found = [f"{key} is at one side only" for key in expected.keys() ^ actual.keys()]
    for key in expected.keys() & actual.keys():
        left, right = expected[key], actual[key]
        found += [
            f"{key}.{name}: mart {left.get(name)!r}, Braze {right.get(name)!r}"
            for name in left.keys() | right.keys()
            if not _same(left.get(name), right.get(name))
        ]
    return sorted(found)[:10]


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=1e-12)
    return bool(left == right)
