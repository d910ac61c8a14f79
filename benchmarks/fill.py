"""Fills a shop's warehouse file in a process of its own.

python -m benchmarks.fill FILE STEP, where STEP is one of
  customers:N      replace the mart by N customers
  visits:N         replace the events by N, half of them of one user in a hundred
  items:N          replace the catalog by N items
  ledger           record every pending row as sent, as a push would
  changes          put a copy of the mart aside with 1 % of its rows changed
  swap             exchange the mart and the copy
  bodies:PATH      write the bodies of a push, each after its length (uint32)
  item_bodies:PATH the same of the catalog's items
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import duckdb

from runner.batches import Cutter
from runner.operations import OBJECTS, Credentials, Operation
from runner.settings import Limits

from .shop import CUSTOMERS, ITEMS, VISITS

# Two columns of each changed row, three of every other one.
CHANGES = """\
create or replace table customers_aside as
select * replace (
    (orders_count + (hash(external_id) % 100 = 0)::int)::int as orders_count,
    (lifetime_value + (hash(external_id) % 100 = 0)::int)::decimal(12, 2)
        as lifetime_value,
    case when hash(external_id) % 200 = 0 then 'changed' else loyalty_tier end
        as loyalty_tier
)
from customers
"""
SWAP = """\
alter table customers rename to customers_between;
alter table customers_aside rename to customers;
alter table customers_between rename to customers_aside;
"""


def main() -> None:
    """Run one step and write everything to the file."""
    path, step = sys.argv[1:]
    name, _, argument = step.partition(":")
    with duckdb.connect(path) as connection:
        connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
        if name == "customers":
            select = CUSTOMERS.format(rows=int(argument))
            connection.execute(f"create or replace table customers as {select}")
        elif name == "ledger":
            connection.execute(
                "insert into main_ledger.ledger_sent_rows "
                "(sync, row_key, row_hash, row_json, run_id, sent_at) "
                "select 'customers', row_key, row_hash, row_json, 'benchmark', "
                "timestamp '2026-01-01' from customers__pending"
            )
        elif name == "changes":
            connection.execute(CHANGES)
        elif name == "swap":
            connection.execute(SWAP)
        elif name in {"visits", "items"}:
            select = {"visits": VISITS, "items": ITEMS}[name].format(rows=int(argument))
            connection.execute(f"create or replace table {name} as {select}")
        elif name == "bodies":
            write_bodies(connection, "customers", "attributes", Path(argument))
        elif name == "item_bodies":
            write_bodies(connection, "items", "items", Path(argument))
        else:
            sys.exit(f"fill: no step '{name}'")
        connection.execute("checkpoint")


def write_bodies(
    connection: duckdb.DuckDBPyConnection, mart: str, name: str, path: Path
) -> None:
    """Write what a push would send by one operation, request by request."""
    operation = _operation(name)
    scope = "items" if name == "items" else ""
    chosen = "where operation = 'items'" if name == "items" else ""
    rows = connection.execute(
        f"select payload from {mart}__pending {chosen}"
    ).fetchall()
    cutter = Cutter(operation, Limits())
    numbered = ((at, text, None, scope) for at, (text,) in enumerate(rows))
    call = operation.call(scope, Credentials())
    with path.open("wb") as file:
        for chain in [*cutter.feed(numbered), *cutter.finish()]:
            for batch in chain.batches:
                body = call.body(batch.payloads)
                file.write(struct.pack("<I", len(body)) + body)


def _operation(name: str) -> Operation:
    return next(
        operation
        for each in OBJECTS["braze"].values()
        for operation in each.operations
        if operation.name == name
    )


if __name__ == "__main__":
    main()
