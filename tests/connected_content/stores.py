"""A small store of the collections that the tests of keys and blocks look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.store import Definition, Index, open_store

# The sample of the source document, as valid JSON and with what HTML would trip over.
JANE: dict[str, Any] = {
    "user_id": 12345,
    "full_name": "Jane <Doe> & Co",
    "email": "jane@example.com",
    "tier": "gold",
    "lifetime_value": 1492.18,
    "churn_risk": 0.04,
    "90_day_summary": {
        "num_songs_listened": 813,
        "top_genres": ["house", "techno", "ambient"],
        "top_artists": ["deadmau5", "Marsh", "Enamour"],
    },
    "recommendations": {
        "concerts": [
            {
                "artist": "Aphex Twin",
                "location": "San Francisco, CA",
                "event_date": "2023-01-31",
            },
            {
                "artist": "Sultan + Shepard",
                "location": "San Francisco, CA",
                "event_date": "2023-02-25",
            },
        ],
        "upcoming_album_release": {
            "title": "Universal Language",
            "artist": "Simon Doty",
            "label": "Anjunadeep",
            "release_date": "2023-04-28",
        },
    },
}
JOHN: dict[str, Any] = dict.fromkeys(JANE) | {
    "user_id": "a/b c?d",
    "full_name": "數 + Zoë",
    "email": "john+1@example.com",
    "tier": "gold",
}

CUSTOMER = Definition(
    "customer",
    "user_id",
    (
        Index("id"),
        Index("email"),
        Index("tier", is_list=True, order=("full_name",), most=5),
    ),
    tuple(JANE),
    None,
    0,
)
STORES = Definition(
    "stores", "store_id", (), ("store_id", "name"), '{"store_id":"none"}', 3_600
)


def fill(folder: Path) -> None:
    """Make the store."""
    store = open_store(str(folder), create=True)
    try:
        _put(store, CUSTOMER, [JANE, JOHN])
        _put(store, STORES, [{"store_id": "lyon", "name": "Lyon"}])
    finally:
        store.close()


def _put(store: Any, definition: Definition, records: Iterable[dict[str, Any]]) -> None:
    rows = []
    for record in records:
        entries: list[list[Any]] = []
        if "email" in record:
            entries = [
                ["id", str(record["user_id"])],
                ["email", record["email"]],
                ["tier", record["tier"], [record["full_name"]]],
            ]
        # The store wants exactly this layout.
        payload = json.dumps(
            {"indexes": entries, "record": record},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        rows.append((str(record[definition.key]), payload, "hash"))
    built_at = datetime(2026, 1, 2, tzinfo=UTC)
    with store.fill(definition, run_id="r1", built_at=built_at, anew=True) as filling:
        filling.put(rows)
        filling.commit()
