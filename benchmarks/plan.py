"""plan: 1 % changed rows, beside reading and hash-joining the same two tables once.

The first reference touches every column of both tables. The second leaves out the
ledger's row_json, which the runner itself reads for changed rows only.
"""

from __future__ import annotations

import json
import sys
from functools import partial

from .measure import Run, alternate, peak, ratio, run, seconds, table
from .shop import Shop, shop

SIZES = (1_000_000, 10_000_000)
ROUNDS = 3

JOIN = """\
select count(*), bit_xor(hash(customers)), bit_xor(hash({ledger}))
from customers
left join (from main_ledger.ledger_sent_rows where sync = 'customers') as sent
    on customers.external_id = sent.row_key
"""
JOIN_ALL = JOIN.format(ledger="sent")
JOIN_HASHES = JOIN.format(ledger="sent.row_key, sent.row_hash")


def main() -> None:
    """Print the changed plan, the plan within 1 GB, and the unchanged push."""
    for size in SIZES:
        filled = _shop(size)
        things = {
            "plan": partial(_plan, filled),
            "plan in 1 GB": partial(_plan, filled, BENCH_MEMORY="1GB"),
            "join": partial(_join, filled, JOIN_ALL),
            "join, no row_json": partial(_join, filled, JOIN_HASHES),
            "unchanged push": partial(_nothing, filled),
        }
        _print(size, alternate(ROUNDS, things))


def _print(size: int, runs: dict[str, list[Run]]) -> None:
    print(
        table(
            f"plan: {size:,} rows of 20 columns, median of {ROUNDS}",
            ["what", "seconds", "peak MB", "of join", "of join, no row_json"],
            [
                [
                    name,
                    seconds(each),
                    round(peak(each)),
                    ratio(each, runs["join"]),
                    ratio(each, runs["join, no row_json"]),
                ]
                for name, each in runs.items()
            ],
        )
    )
    limited = ratio(runs["plan in 1 GB"], runs["plan"])
    print(f"\nplan in 1 GB of plan: {limited:.2f}")


def _shop(size: int) -> Shop:
    """A shop where every customer was sent, and a copy of the mart with changes."""
    return shop(f"plan_{size}", f"customers:{size}", "ledger", "changes")


def _plan(filled: Shop, **env: str) -> Run:
    _swap(filled)
    try:
        done = filled.runner("plan", "--format", "json", **env)
    finally:
        _swap(filled)
    changed = json.loads(done.out)["syncs"][0]["changed"]
    assert changed, done.out
    return done


def _join(filled: Shop, statement: str) -> Run:
    path = str(filled.database)
    return run([sys.executable, "-m", "benchmarks.reference", path, statement])


def _nothing(filled: Shop) -> Run:
    """Push where nothing changed; no request leaves, so nobody need listen."""
    done = filled.runner(
        "push",
        "--yes",
        "--format",
        "json",
        BRAZE_REST_ENDPOINT="http://127.0.0.1:9",
        BRAZE_API_KEY="benchmark",
    )
    assert json.loads(done.out)["syncs"][0]["requests"] == 0, done.out
    return done


def _swap(filled: Shop) -> None:
    """Exchange the mart and its changed copy; two names, no data."""
    run([sys.executable, "-m", "benchmarks.fill", filled.database, "swap"])
