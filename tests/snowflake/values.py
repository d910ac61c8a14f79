"""Values of two engines in one spelling, so that equal rows are equal texts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

Rows = Counter[str]
"""A row as JSON text, its keys in lower case -> how often it is there."""

# The connector's codes for VARIANT, OBJECT and ARRAY; DuckDB has a type's name there.
JSON_TYPES = {5, 9, 10, "JSON"}


def canonical_rows(cursor: Any) -> Rows:
    """All rows of a cursor of DuckDB's or of the connector's."""
    names = [column[0].lower() for column in cursor.description]
    types = [
        column[1] if isinstance(column[1], int) else str(column[1])
        for column in cursor.description
    ]
    rows: Rows = Counter()
    for row in cursor.fetchall():
        values = [
            json.loads(value, parse_float=Decimal)
            if kind in JSON_TYPES and value is not None
            else value
            for kind, value in zip(types, row, strict=True)
        ]
        rows[text_of(dict(zip(names, values, strict=True)))] += 1
    return rows


def text_of(value: Any) -> str:
    """One text for equal values, whatever the order of their keys."""
    return json.dumps(canonical(value), ensure_ascii=False, sort_keys=True)


def canonical(value: Any) -> Any:
    """Numbers by their value, moments in UTC, and all else as it is."""
    match value:
        case None | bool() | str():
            return value
        case int() | float() | Decimal():
            return {"number": format(Decimal(str(value)).normalize(), "f")}
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            return moment.replace(tzinfo=None).isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case dict():
            return {str(key): canonical(each) for key, each in value.items()}
        case list() | tuple():
            return [canonical(each) for each in value]
    message = f"no value that both engines have: {value!r}"
    raise TypeError(message)
