"""The same rows on DuckDB and on Snowflake: what would each send?

    python -m tests.snowflake.fuzz ROWS [SEED]

Takes the account of SNOWFLAKE_ACCOUNT, or starts the emulator (EMULATOR_PYTHON, or
.emulator of `make snowflake`). A mart of rows of every type is pending on both engines,
is taken into both ledgers, changes, and is pending again: by its hashes, and then
without them, value by value, against what the other engine wrote into its ledger.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .fuzz_engines import LEDGER, RUNS, Engine, exchange, load
from .fuzz_project import access_of, build
from .fuzz_values import FIRST_RUN, later, rows

SLICE = 2000
SYNCS = ("plain", "parts", "timed")


@dataclass(frozen=True)
class Difference:
    """One row that the engines would not send alike."""

    row_key: str
    duckdb: Any
    snowflake: Any


def fuzz(engines: Sequence[Engine], count: int, seed: int) -> Iterable[Difference]:
    """Every difference over `count` rows; the engines have been built.

    Slice by slice: after 45 seconds without an answer the connector asks again, and the
    emulator is still busy.
    """
    for number, start in enumerate(range(0, count, SLICE)):
        yield from compared_slice(engines, min(SLICE, count - start), seed + 2 * number)


def compared_slice(
    engines: Sequence[Engine], count: int, seed: int
) -> Iterable[Difference]:
    """What differs of so many rows when they are new, and when they have changed."""
    first = rows(count, seed)
    second = later(first, seed + 1)
    for engine in engines:
        engine.run(f"delete from {LEDGER}")
        engine.run(f"delete from {RUNS}")
        load(engine, first)
    yield from compared(engines)
    for engine in engines:
        engine.run(f"delete from {LEDGER}")
        for sync in SYNCS:
            # Of some rows the score has just been sent: it waits.
            times = "sent_times" if sync == "parts" else "null"
            engine.run(
                f"insert into {RUNS} (run_id, sync, started_at, outcome)"
                f" select 'first', '{sync}', '{FIRST_RUN}', 'completed'"
            )
            engine.run(
                f"insert into {LEDGER}"
                " (sync, row_key, row_hash, row_json, run_id, sent_times)"
                f" select '{sync}', row_key, row_hash, row_json, 'first',"
                f" case when row_key like '%1' then {times} end"
                f" from bridge.{sync}__pending where problem is null"
            )
        assert not pending(engine, "plain", "problem is null"), engine.name
        load(engine, second)
    yield from compared(engines)
    exchange(*engines)
    yield from compared(engines)


def compared(engines: Sequence[Engine]) -> Iterable[Difference]:
    """The rows that are pending on one engine only, or otherwise."""
    for sync in SYNCS:
        left, right = (pending(engine, sync) for engine in engines)
        assert left, sync
        for key in sorted(left.keys() | right.keys()):
            if left.get(key) != right.get(key):
                yield Difference(f"{sync} {key}", left.get(key), right.get(key))


def pending(engine: Engine, sync: str, where: str = "true") -> dict[str, Any]:
    """Row key -> what would be sent, JSON as values. What is refused has no payload."""
    found = engine.run(
        "select row_key, change, payload, row_json, data_points, key_count, problem"
        f" from bridge.{sync}__pending where {where}"
    )
    return {
        key: (change, problem)
        if problem
        else (change, value(payload), value(row_json), points, count)
        for key, change, payload, row_json, points, count, problem in found
    }


def value(text: str | None) -> Any:
    """JSON as a value: numbers exact, and a float another kind than an integer."""
    if text is None:
        return None
    return json.loads(
        text,
        parse_float=lambda digits: ("float", Decimal(digits)),
        parse_int=lambda digits: ("integer", int(digits)),
    )


def main() -> None:
    """Compare, and end with 1 where there is a difference."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        engines = build(directory, access_of(directory))
        found = list(fuzz(engines, count, seed))
    for each in found[:10]:
        print(
            f"{each.row_key}\n  duckdb:    {each.duckdb}\n  snowflake: {each.snowflake}"
        )
    print(f"{count} rows, seed {seed}: {len(found)} differences")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
