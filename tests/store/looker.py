"""Reads a list from a store again and again, and fails when it is of two versions.

Usage: python -m tests.store.looker URL SECONDS. Prints how many versions it saw.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from runner.store import Reader, open_store

from .pusher import COUNT


async def look(reader: Reader) -> int:
    """Return the one value that all records have, that of the version."""
    answer = await reader.find("things", "shelf", "s")
    records = json.loads(answer.body)["records"]
    values = {record["value"] for record in records}
    assert len(records) == COUNT, f"{len(records)} records"
    assert len(values) == 1, f"a mixture of {values}"
    (value,) = values
    assert answer.version is not None
    assert answer.version.run_id == str(value), f"{answer.version} of {value}"
    one = await reader.find("things", "name", "7")
    assert json.loads(one.body)["value"] >= value, "one record is older"
    return int(value)


async def main(url: str, seconds: float) -> None:
    """Look for so long."""
    reader = open_store(url).reader()
    seen = [0]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = await look(reader)
        assert value >= seen[-1], "an older version after a newer one"
        seen.append(value)
    await reader.close()
    print(len(set(seen[1:])))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
