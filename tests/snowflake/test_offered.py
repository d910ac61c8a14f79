"""What Braze pulls, built on three days by dbt on the emulator, is as on DuckDB.

The clock and the transaction of an append are the emulator's here; Snowflake's word on
both only an account has.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.cloud_data_ingestion.shop import build

from .access import Emulator

MODELS = ("path:models/ledger", "days", "people", "people__offered", "cdi_people")


def test_each_change_is_offered_once_later_than_all_before(
    emulator: Emulator, tmp_path: Path
) -> None:
    """As tests/cloud_data_ingestion says of DuckDB; payloads as values."""
    access = emulator.access("PULLED")
    output = {"type": "snowflake", **access, "threads": 1, "connect_retries": 0}

    build(tmp_path, output, *MODELS)

    rows = emulator.rows("PULLED", "select * from cdi_people order by 1, 2")
    times = sorted({row[0] for row in rows})
    assert len(times) == 3
    assert [
        [(row[1], json.loads(row[2])) for row in rows if row[0] == time]
        for time in times
    ] == [
        [
            ('fine "1"', {"first_name": 'Ana, "A"', "score": 1.5}),
            ("gone", {"first_name": "Fay", "score": 1}),
            ("left", {"first_name": "Ben", "score": 2}),
            ("same", {"first_name": "Cem", "score": 3}),
        ],
        [('fine "1"', {"score": 3}), ("gone", {"score": 2})],
        [
            ('fine "1"', {"first_name": None}),
            ("gone", {"score": 3}),
            (
                "left",
                {"_update_existing_only": True, "first_name": None, "score": None},
            ),
        ],
    ]
    problems = "select row_key, problem from people__offered where problem is not null"
    assert emulator.rows("PULLED", f"{problems} order by 1") == [
        ("twice", "the key stands more than once in the mart"),
        ("twice", "the key stands more than once in the mart"),
        ("wrong", "a number is NaN or infinite"),
    ]
