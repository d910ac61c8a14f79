"""Freezes a sync's pending rows into an outbox, in the order in which they will leave.

Runs the pending view once; later builds of the mart do not touch the copy. Rows that
must wait, and history that is only adopted, stand at the end and are not planned.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import waiting
from .batches import room
from .columns import (
    PENDING_COLUMNS,
    SENT_TIMES,
    WHOLE_COLUMNS,
    blaming,
    check_columns,
)
from .ledger import Ledger
from .manifest import Relation, Sync
from .settings import Limits


@dataclass(frozen=True, slots=True)
class Frozen:
    """A sync's pending rows, copied and not counted yet."""

    sync: Sync
    outbox: Relation | str
    sent_rows: int
    """Rows that Braze was known to have before this push."""
    is_ordered: bool
    """Whether rows say whose they are, and what they are about."""


def copy_rows(
    ledger: Ledger,
    sync: Sync,
    outbox: Relation | str,
    limits: Limits,
    *,
    full_resync: bool = False,
) -> Frozen:
    """Copy the sync's pending rows into `outbox`.

    A full resync forgets first what the ledger holds of the sync. Raises ConfigError
    when the pending view is missing or lacks a column, DeliveryError when it cannot be
    read.
    """
    found = check_columns(ledger.connection, sync)
    sent_rows = ledger.sent_rows(sync.name)
    if full_resync:
        ledger.forget(sync.name)
    adopts = sync.options.get("first_run") == "adopt" and ledger.is_first_run(sync.name)
    _copy(ledger, sync, outbox, limits, found=found, adopts=adopts)
    return Frozen(sync, outbox, sent_rows, is_ordered="operation" in found)


def _copy(
    ledger: Ledger,
    sync: Sync,
    outbox: Relation | str,
    limits: Limits,
    *,
    found: set[str],
    adopts: bool,
) -> None:
    is_ordered = "operation" in found
    most = max(room(operation, limits) for operation in sync.operations)
    size = ledger.connection.size("payload")
    first = sync.operations[0].name
    known = {"operation": f"coalesce(operation, '{first}') as operation"}
    more = [known.get(name, name) for name in WHOLE_COLUMNS] if is_ordered else []
    more += [SENT_TIMES] if SENT_TIMES in found else []
    waits = waiting.waits(ledger, sync, is_ordered=is_ordered)
    adopted = "when adoptable then 'adopted'" if adopts and is_ordered else ""
    whens = f"{adopted} {waits.whens}".strip()
    aside = f"case {whens} end" if whens else "null"
    ranks = " ".join(
        f"when '{operation.name}' then {rank}"
        for rank, operation in enumerate(sync.operations)
    )
    is_identity = sync.kind.is_identity
    rows = waiting.rows_of_identity(ledger, sync) if is_identity else ""
    source = "pending" if is_identity else str(sync.pending)
    order = ["aside nulls first"] if whens else []
    if sync.is_collection:
        # A store is filled fastest in the order of its keys.
        order = [f"case coalesce(operation, '{first}') {ranks} end", "row_key"]
    elif is_ordered:
        order += [f"case coalesce(operation, '{first}') {ranks} end"]
        order += [] if sync.operations[0].is_bare else ["scope"]
        order += ["user_key", "sort_key", "row_key"]
    query = f"""
        {rows}
        select
            row_key, change, payload, row_json, row_hash, data_points, key_count,
            case
                when problem is not null then problem
                when {size} > {most}
                    then {size} || ' bytes; a request holds {most}'
            end as problem,
            {"".join(f"{name}, " for name in more)}
            cast({aside} as varchar) as aside
        from {source} as pending
        {waits.joins}
    """
    columns = [*PENDING_COLUMNS, *(name.split()[-1] for name in more), "aside"]
    with blaming(ledger.connection, sync):
        ledger.connection.fill_outbox(outbox, columns, query, ", ".join(order))
