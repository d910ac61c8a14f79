"""Records of 1 KB, the rows a push would put, and what callers ask for.

Everything follows from a record's number, so that nothing needs to be kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from runner.store import Definition, Index

COLLECTION = "bench"
BUILT_AT = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 1_024
HOUSEHOLD = 5
"""Records of one value of the list index."""

_FILLER = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do. " * 16

_START = f"/v1/collections/{COLLECTION}/records"

Row = tuple[str, str, str]
Url = Callable[[int], str]
"""Makes a path of a record's number."""


def definition(indexes: int, most: int = 1) -> Definition:
    """One index or three; a list answers `most` records."""
    further = (
        Index("email"),
        Index("household", is_list=True, order=("rank",), most=most),
    )
    return Definition(
        collection=COLLECTION,
        key="user_id",
        indexes=further if indexes == 3 else (),
        columns=("version", "user_id", "email", "household", "rank", "note", "again"),
        missing=None,
        cache_seconds=0,
    )


def key_of(number: int) -> str:
    """The key of a record."""
    return f"c_{number:010d}"


def email_of(number: int) -> str:
    """The value of a record in the unique index."""
    return f"user{number}@example.com"


def household_of(number: int) -> str:
    """The value of a record in the list index."""
    return f"h_{number // HOUSEHOLD}"


def record_of(number: int, version: int = 1) -> str:
    """A record of 1 KB, which says its version at its beginning and at its end."""
    text = (
        f'{{"version":{version},"user_id":"{key_of(number)}",'
        f'"email":"{email_of(number)}","household":"{household_of(number)}",'
        f'"rank":{number % HOUSEHOLD},"note":"'
    )
    end = f'","again":{version}}}'
    return text + _FILLER[: SIZE - len(text) - len(end)] + end


def row_of(number: int, indexes: int, version: int = 1) -> Row:
    """A record as a push puts it."""
    entries = ""
    if indexes == 3:
        rank = number % HOUSEHOLD
        entries = (
            f'["email","{email_of(number)}"],'
            f'["household","{household_of(number)}",[{rank}]]'
        )
    record = record_of(number, version)
    payload = f'{{"indexes":[{entries}],"record":{record}}}'
    return key_of(number), payload, f"{version}-{number}"


def windows(records: int, indexes: int, size: int = 50_000) -> Iterator[list[Row]]:
    """All rows in the order of their keys, a window at a time."""
    for first in range(0, records, size):
        last = min(first + size, records)
        yield [row_of(number, indexes) for number in range(first, last)]


def targets(
    path: Path,
    records: int,
    urls: Sequence[Url],
    *,
    misses: float = 0.1,
    count: int = 100_000,
    seed: int = 1,
) -> Path:
    """Write lines "STATUS PATH" of random records; some are not there.

    `urls` are taken in turn.
    """
    chance = random.Random(seed)
    with path.open("w", encoding="ascii") as file:
        for at in range(count):
            number, status = chance.randrange(records), 200
            url = urls[at % len(urls)]
            # A list without records is no miss.
            if url is not list_url and chance.random() < misses:
                number, status = records + number, 404
            file.write(f"{status} {url(number)}\n")
    return path


def key_url(number: int) -> str:
    """The path of our server by the key."""
    return f"{_START}/user_id/{key_of(number)}"


def email_url(number: int) -> str:
    """The path of our server by the unique index."""
    return f"{_START}/email/user{number}%40example.com"


def list_url(number: int) -> str:
    """The path of our server to a record's household."""
    return f"{_START}/household/{household_of(number)}"


def urls_of(indexes: int) -> tuple[Url, ...]:
    """The paths of our server, one for each index."""
    return (key_url,) if indexes == 1 else (key_url, email_url, list_url)
