"""Compares what the store serves of a collection with what the ledger says it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ledger import Ledger
from .manifest import Sync
from .standing import SLASH
from .warehouse.session import portions

if TYPE_CHECKING:
    from .store import Store

_SERVED = {"key": "varchar", "payload": "varchar"}
_NAMED_KEYS = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """How a collection compares: records by what is to be said of them."""

    collection: str
    sync: str
    same: int
    missing: int
    """In the ledger and not in the store."""
    different: int
    extra: int
    """In the store and not in the ledger."""
    keys: tuple[str, ...]
    """The first of those that are not the same."""

    @property
    def is_good(self) -> bool:
        """Whether the store serves what the ledger says, and nothing else."""
        return not (self.missing or self.different or self.extra)


def verify(ledger: Ledger, sync: Sync, collection: str, store: Store) -> Verified:
    """Compare every record, by its whole text."""
    connection = ledger.connection
    digest = connection.sha256
    connection.fill(
        "runner_served",
        f"select row_key as key, {digest('row_key')} as digest "
        f"from {ledger.sent} where 1 = 0",
    )
    for some in portions(store.rows(collection)):
        connection.execute(
            f"insert into runner_served select key, {digest('payload')} "
            f"from {connection.rows_of(_SERVED)} as served",
            [some],
        )
    connection.fill(
        "runner_compared",
        f"""
        select
            coalesce(served.key, told.key) as key,
            case
                when served.key is null then 'missing'
                when told.key is null then 'extra'
                when served.digest = told.digest then 'same'
                else 'different'
            end as state
        from runner_served as served
        full join (
            select substr(row_key, ?) as key, {digest("row_json")} as digest
            from {ledger.sent}
            where
                sync = ? and left(row_key, {len(collection) + 1}) = ?
                and row_json is not null
        ) as told on served.key = told.key
        """,
        [len(collection) + 2, sync.name, collection + SLASH],
    )
    counts: dict[str, int] = dict(
        connection.execute(
            "select state, count(*) from runner_compared group by 1"
        ).fetchall()
    )
    keys = connection.execute(
        "select key from runner_compared where state <> 'same' "
        f"order by key limit {_NAMED_KEYS}"
    ).fetchall()
    return Verified(
        collection,
        sync.name,
        same=counts.get("same", 0),
        missing=counts.get("missing", 0),
        different=counts.get("different", 0),
        extra=counts.get("extra", 0),
        keys=tuple(key for (key,) in keys),
    )
