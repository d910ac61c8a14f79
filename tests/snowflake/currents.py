"""What Braze told of the demo's customers, where each engine keeps it.

DuckDB has a table an event type, as `runner currents load` makes them; Snowflake has
the one of examples/currents/snowflake.sql.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from runner.currents.event_types import table_name
from tests.conftest import REPOSITORY

from .access import Emulator

# The demo's today.
TODAY = datetime(2026, 11, 1, tzinfo=UTC)
TYPES = {str: "varchar", int: "bigint", float: "double", bool: "boolean"}
LOADED = "2026-11-01 12:00:00"

Told = tuple[str, float, str | None, dict[str, Any]]


def told() -> Iterator[Told]:
    """Event type, days ago, customer and fields, of every kind that a model reads."""
    address = {"email_address": " Ada@Example.com "}
    campaign = {"campaign_id": "spring", "campaign_name": "Spring", "canvas_id": ""}
    email = "users.messages.email"
    for number, days in ((48, 2), (374, 20), (86, 60), (262, 120), (170, 3)):
        customer = f"C10{number:03}"
        yield f"{email}.Send", days, customer, campaign | address
        machine = {"machine_open": "true" if number == 170 else None}
        yield f"{email}.Open", days - 0.5, customer, campaign | machine
    for days in range(10, 15):
        yield f"{email}.Send", days, "C10262", campaign | address
    yield f"{email}.Click", 2, "C10048", {"is_suspected_bot_click": False, "url": "u"}
    yield f"{email}.Click", 2, "C10374", {"is_suspected_bot_click": True, "url": ""}
    yield "users.messages.sms.InboundReceive", 1, "C10048", {}
    yield f"{email}.Bounce", 4, "C10341", {"email_address": "gone@example.com"}
    yield f"{email}.MarkAsSpam", 4, "C10252", address
    yield f"{email}.Unsubscribe", 5, None, address
    yield f"{email}.Unsubscribe", -3000, "C10182", address
    yield "users.messages.inappmessage.Impression", 4, "stranger", {}
    state = {"subscription_status": "Opted In", "channel": "Email", "email_address": ""}
    yield "users.behaviors.subscription.GlobalStateChange", 4, "C10086", state
    group = {"subscription_status": "unsubscribed", "subscription_group_id": " AB-1"}
    yield "users.behaviors.subscriptiongroup.StateChange", 4, "C10048", group
    properties = '{"event_id":"e1","n":1.5,"deep":{"a":[1,null]}}'
    custom = {"name": "visit", "properties": properties}
    yield "users.behaviors.CustomEvent", 4, "C10048", custom
    yield "users.behaviors.CustomEvent", 4, "C10048", {"name": "x", "properties": "{"}
    price = {"product_id": "P1", "price": 19.989999771118164, "currency": "eur"}
    yield "users.behaviors.Purchase", 4, "C10048", price | {"properties": "{}"}
    # Two became the third, who was deleted; of another only Braze's own id is known.
    for orphan, survivor in (("one", "two"), ("two", "C10341")):
        fields = {"user_id": f"braze-{orphan}", "orphaned_by_id": f"braze-{survivor}"}
        yield "users.UserOrphan", 9, None, fields
    yield f"{email}.Send", 10, "old-id", campaign | address | {"user_id": "braze-one"}
    yield "users.UserDeleteRequest", 1, None, {"user_id": "braze-C10341"}
    yield "users.UserDeleteRequest", 1, None, {"user_id": "braze-nobody"}


def events() -> dict[str, list[dict[str, Any]]]:
    """Event type -> events with the fields that every one has."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, (event_type, days, customer, fields) in enumerate(told()):
        event = {
            "id": f"event-{number}",
            "user_id": f"braze-{customer}",
            "external_user_id": customer,
            "app_group_id": "workspace",
            "time": int((TODAY - timedelta(days=days)).timestamp()),
        }
        found[event_type].append(event | fields)
    return dict(found)


def fill_duckdb(file: Path) -> None:
    """A table an event type, in the schema that the loader fills."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema main_currents")
        for event_type, rows in events().items():
            typed = {
                name: TYPES[type(value)]
                for row in rows
                for name, value in row.items()
                if value is not None
            } | {"_file": "varchar", "_hour": "timestamp", "_loaded_at": "timestamp"}
            table = f"main_currents.{table_name(event_type)}"
            columns = ", ".join(f"{name} {kind}" for name, kind in typed.items())
            connection.execute(f"create table {table} ({columns})")
            for row in rows:
                whole = row | {"_file": "f", "_hour": LOADED, "_loaded_at": LOADED}
                connection.execute(
                    f"insert into {table} values ({', '.join('?' * len(typed))})",
                    [whole.get(name) for name in typed],
                )


def fill_snowflake(emulator: Emulator, database: str, schema: str) -> None:
    """The one table of the example, with each event twice, as it may come."""
    example = REPOSITORY / "examples" / "currents" / "snowflake.sql"
    create = re.search(r"create table [^(]+\([^)]+\)", example.read_text("utf-8"))
    assert create
    rows = [
        (event_type, json.dumps(event), loaded)
        for event_type, each in events().items()
        for event in each
        for loaded in (LOADED, "2026-11-01 13:00:00")
    ]
    with emulator.connect(database, f"{schema}_CURRENTS") as connection:
        cursor = connection.cursor()
        cursor.execute(create[0])
        cursor.execute(
            "insert into currents_events (event_type, event, _file, _hour, _loaded_at) "
            "select f.value[0]::varchar, parse_json(f.value[1]::varchar), 'f', "
            f"'{LOADED}'::timestamp_ntz, f.value[2]::varchar::timestamp_ntz "
            "from table(flatten(input => parse_json(?))) f",
            (json.dumps(rows),),
        )
