"""A small collection: things with a unique name and a list by shelf."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

from runner.store import Definition, Filling, Index, Store, Version

BUILT_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOMBSTONE = '{"tombstone":true}'

THINGS = Definition(
    collection="things",
    key="id",
    indexes=(
        Index("name"),
        Index("shelf", is_list=True, order=("rank", "score desc"), most=5),
    ),
    columns=("id", "value"),
    missing=None,
    cache_seconds=60,
)


def thing(
    key: str,
    value: object = 1,
    *,
    name: str | None = None,
    shelf: str | None = None,
    order: Sequence[Any] = (1, 1),
) -> tuple[str, str, str]:
    """A row as a push puts it."""
    indexes: list[list[Any]] = [] if name is None else [["name", name]]
    if shelf is not None:
        indexes.append(["shelf", shelf, list(order)])
    return row(key, f'{{"indexes":{_json(indexes)},"record":{record(key, value)}}}')


def tombstone(key: str) -> tuple[str, str, str]:
    """A row of a thing that was removed."""
    return row(key, TOMBSTONE)


def row(key: str, payload: str) -> tuple[str, str, str]:
    """A row with this payload, and a hash of it."""
    return key, payload, md5(payload.encode()).hexdigest()


def record(key: str, value: object = 1) -> str:
    """What is answered of a thing."""
    return _json({"id": key, "value": value})


def push(
    store: Store,
    rows: Iterable[tuple[str, str, str]] = (),
    *,
    removed: Sequence[str] = (),
    anew: bool = False,
    definition: Definition = THINGS,
    run_id: str = "run",
) -> Version:
    """Push rows, in two parts as a long push has several."""
    with store.fill(definition, run_id=run_id, built_at=BUILT_AT, anew=anew) as filling:
        put(filling, list(rows))
        filling.remove(removed)
        return filling.commit()


def put(filling: Filling, rows: list[tuple[str, str, str]]) -> None:
    """Put rows in two parts."""
    half = len(rows) // 2
    filling.put(rows[:half])
    filling.put(rows[half:])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
