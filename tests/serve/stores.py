"""A store with three small collections and the keys of several callers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runner.store import Definition, Index, Store, new_key, open_store

BUILT_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)

RECOMMENDATIONS = Definition(
    collection="recommendations",
    key="user_id",
    indexes=(
        Index("email"),
        Index("segment", is_list=True, order=("rank",), most=2),
    ),
    columns=("user_id", "email", "score", "note", "items"),
    missing=None,
    cache_seconds=0,
)
PRODUCTS = Definition(
    collection="products",
    key="sku",
    indexes=(Index("name"),),
    columns=("sku", "name"),
    missing='{"sku":"any","name":"Pen"}',
    cache_seconds=60,
)
STAFF = Definition(
    collection="staff",
    key="id",
    indexes=(Index("email"),),
    columns=("id", "email"),
    missing=None,
    cache_seconds=0,
)

# Every digit is to be answered as it is here, and the markup as text.
SCORE = "12345678901234567890.10"
NOTE = "<img src=x onerror=\"document.title='broken in'\"><b>bold</b>"
RECORD = (
    '{"user_id":"u1","email":"ann@example.com","score":' + SCORE + ',"note":'
    f'{json.dumps(NOTE)},"items":[{{"id":1,"title":"Größe ☃"}},{{"id":2}}]}}'
)
SECOND = '{"user_id":"u/2","email":null,"score":1e3,"note":null,"items":[]}'

Row = tuple[str, str, str]


def row(key: str, record: str, *indexes: Sequence[Any]) -> Row:
    """A row as a push puts it."""
    payload = f'{{"indexes":{json.dumps(list(indexes))},"record":{record}}}'
    return key, payload, f"{abs(hash(payload)):016x}"


ROWS: dict[str, list[Row]] = {
    "recommendations": [
        row("u/2", SECOND, ["segment", "gold", [2]]),
        row("u1", RECORD, ["email", "ann@example.com"], ["segment", "gold", [1]]),
        row("тест", '{"user_id":"тест"}', ["segment", "gold", [3]]),
    ],
    "products": [
        row("s1", '{"sku":"s1","name":"Cup"}', ["name", "Cup"]),
        ("s2", '{"tombstone":true}', "2"),
    ],
    "staff": [row("1", '{"id":"1","email":"boss@example.com"}', ["email", "b@x.y"])],
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the store is, and the texts of keys by name."""

    path: Path | str
    """A folder, or the URL of a Redis."""
    keys: dict[str, str]

    def headers(self, name: str) -> dict[str, str]:
        """What a caller with that key sends."""
        return {"Authorization": f"Bearer {self.keys[name]}"}


def fill(store: Store, definition: Definition, rows: Sequence[Row]) -> None:
    """Push a collection anew."""
    with store.fill(definition, run_id="r", built_at=BUILT_AT, anew=True) as filling:
        filling.put(rows)
        filling.commit()


def stored(path: Path | str) -> Stored:
    """Make a store with everything in it."""
    store = open_store(str(path), create=True)
    for definition in (RECOMMENDATIONS, PRODUCTS, STAFF):
        fill(store, definition, ROWS[definition.collection])
    keys = Stored(path, _keys(store))
    store.close()
    return keys


def _keys(store: Store) -> dict[str, str]:
    now = datetime.now(UTC)
    both = ("recommendations", "products")
    cut = {"recommendations": ("score", "user_id")}
    texts = {}
    for name, collections, fields, expires_at in (
        ("both", both, {}, None),
        ("cut", both, cut, None),
        ("products", ("products",), {}, now + timedelta(days=1)),
        ("nothing", (), {}, None),
        ("expired", both, {}, now - timedelta(seconds=1)),
        ("revoked", both, {}, None),
    ):
        texts[name], key = new_key(
            name=name,
            collections=collections,
            fields=fields,
            created_at=now,
            expires_at=expires_at,
        )
        store.keys.add(key)
        if name == "revoked":
            assert store.keys.revoke(key.id)
    return texts
