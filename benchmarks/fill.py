"""Fills a shop's warehouse file in a process of its own.

python -m benchmarks.fill FILE STEP, where STEP is one of
  customers:N      replace the mart by N customers
  ledger           record every pending row as sent, as a push would
  changes          put a copy of the mart aside with 1 % of its rows changed
  swap             exchange the mart and the copy
  bodies:PATH      write the bodies of a push, each after its length (uint32)
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import duckdb

from runner.batches import cut
from runner.settings import Limits

from .shop import CUSTOMERS

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
        elif name == "bodies":
            write_bodies(connection, Path(argument))
        else:
            sys.exit(f"fill: no step '{name}'")
        connection.execute("checkpoint")


def write_bodies(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write what a push would send, request by request."""
    rows = connection.execute("select payload from customers__pending").fetchall()
    with path.open("wb") as file:
        for batch in cut(((at, text) for at, (text,) in enumerate(rows)), Limits()):
            body = batch.body()
            file.write(struct.pack("<I", len(body)) + body)


if __name__ == "__main__":
    main()
