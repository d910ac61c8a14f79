"""What would be sent: frozen into an outbox, counted, costed and guarded.

Runs the pending views and nothing else; whoever calls decides whether to send.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .batches import count_requests, largest_payload
from .errors import ConfigError, DeliveryError
from .guards import Guard, find_guards
from .ledger import SEQ, Ledger
from .manifest import Relation, Sync
from .settings import Limits

if TYPE_CHECKING:
    import duckdb

PENDING_COLUMNS = (
    "row_key",
    "change",
    "payload",
    "row_json",
    "row_hash",
    "data_points",
    "key_count",
    "problem",
)
PRIMARY_IDENTIFIERS = ("external_id", "braze_id", "user_alias")
"""An object may hold one of them; e-mail and phone are attributes beside it."""

RESERVED_NAMES = frozenset(
    {
        *("_mart_row", "_row_key", "_row_hash", "_is_known", "_is_resync"),
        *("_update_existing_only", "_merge_objects", "push_token_import"),
    }
)
"""What pending_rows() adds on the way, and what would steer Braze, not a profile."""

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What one sync would send."""

    sync: Sync
    added: int
    changed: int
    removed: int
    refused: int
    """Rows that will not be sent because the wire has no form for them."""
    requests: int
    data_points: int
    payload_bytes: int
    largest_payload: int
    checksum: str
    samples: tuple[tuple[str, str], ...] = ()
    """(change, payload) of the first rows."""
    guards: tuple[Guard, ...] = ()

    @property
    def planned(self) -> int:
        """Rows in the plan."""
        return self.added + self.changed + self.removed

    @property
    def sendable(self) -> int:
        """Rows that will be on the wire."""
        return self.planned - self.refused

    def minutes(self, limits: Limits) -> float:
        """How long the requests take at the configured limit, at least."""
        windows = self.requests / limits.requests_per_window
        return windows * limits.window_seconds / 60


@dataclass(frozen=True, slots=True)
class Plan:
    """The plans of the chosen syncs under one id, which binds to their content."""

    syncs: tuple[SyncPlan, ...]
    plan_id: str = field(init=False)

    def __post_init__(self) -> None:
        content = [
            (plan.sync.name, plan.added, plan.changed, plan.removed, plan.checksum)
            for plan in self.syncs
        ]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        object.__setattr__(self, "plan_id", digest[:12])

    @property
    def guards(self) -> tuple[Guard, ...]:
        """Every reason not to send, over all syncs."""
        return tuple(guard for plan in self.syncs for guard in plan.guards)


def freeze(
    ledger: Ledger,
    sync: Sync,
    outbox: Relation | str,
    limits: Limits,
    *,
    limit: int | None = None,
    full_resync: bool = False,
) -> SyncPlan:
    """Copy the sync's pending rows into `outbox` and return what they amount to.

    Later builds of the mart do not touch the copy. A full resync forgets first what the
    ledger holds of the sync. Raises ConfigError when the pending view is missing or
    lacks a column, DeliveryError when it cannot be read.
    """
    connection = ledger.connection
    check_columns(connection, sync)
    sent_rows = ledger.sent_rows(sync.name)
    if full_resync:
        ledger.forget(sync.name)
    room = largest_payload(limits)
    temporary = "temp " if isinstance(outbox, str) else ""
    _run(
        connection,
        sync,
        f"""
        create {temporary}table {outbox} as
        select
            row_key, change, payload, row_json, row_hash, data_points, key_count,
            case
                when problem is not null then problem
                when strlen(payload) > {room}
                    then strlen(payload) || ' bytes; a request holds {room}'
            end as problem
        from {sync.pending}
        """,
    )
    whole = _count(ledger, sync, outbox, limits, sent_rows=sent_rows)
    if limit is None or limit >= whole.planned:
        return whole
    # Guards look at all that is pending: a sample must not slip past them.
    connection.execute(
        f"create temp table sample as from {outbox} order by row_key limit {limit}"
    )
    connection.execute(f"drop table {outbox}")
    connection.execute(f"create {temporary}table {outbox} as from sample")
    connection.execute("drop table sample")
    part = _count(ledger, sync, outbox, limits, sent_rows=sent_rows)
    return replace(part, guards=whole.guards)


def check_columns(connection: duckdb.DuckDBPyConnection, sync: Sync) -> None:
    """Raise ConfigError when the sync's columns are not what Braze can take."""
    found = {
        row[0] for row in _run(connection, sync, f"describe {sync.pending}").fetchall()
    }
    missing = [name for name in PENDING_COLUMNS if name not in found]
    if missing:
        msg = (
            f"{sync.name}: {sync.pending.name} lacks the column {', '.join(missing)}. "
            "Build it with pending_rows(); see docs/pending-rows.md."
        )
        raise ConfigError(msg)
    for mart in sync.marts:
        names = {
            row[0] for row in _run(connection, sync, f"describe {mart}").fetchall()
        }
        if len(names) < 2:
            msg = (
                f"{sync.name}: {mart.name} has no column but its key: nothing to send."
            )
            raise ConfigError(msg)
        if names & RESERVED_NAMES:
            msg = (
                f"{sync.name}: {mart.name} has the column "
                f"{', '.join(sorted(names & RESERVED_NAMES))}, a name that "
                "pending_rows() keeps for itself. Rename it."
            )
            raise ConfigError(msg)
        primary = [name for name in names if name.lower() in PRIMARY_IDENTIFIERS]
        if len(primary) > 1:
            msg = (
                f"{sync.name}: {mart.name} has the columns {_listed(primary)}. "
                "Braze refuses an object with two of these; keep the key only."
            )
            raise ConfigError(msg)


def _listed(names: list[str]) -> str:
    return " and ".join(sorted(names))


def _run(
    connection: duckdb.DuckDBPyConnection, sync: Sync, statement: str
) -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - loaded by the caller already

    try:
        return connection.execute(statement)
    except duckdb.CatalogException:
        msg = (
            f"{sync.name}: {sync.pending} does not exist or reads what no longer does. "
            "Run: runner build (with the same --target)."
        )
        raise ConfigError(msg) from None
    except duckdb.Error as error:
        # The engine's own text may quote a customer's value.
        kind = type(error).__name__.removesuffix("Exception")
        msg = (
            f"{sync.name}: {sync.pending} cannot be read ({kind}). "
            f"To see why: select * from {sync.pending}"
        )
        raise DeliveryError(msg) from None


def _count(
    ledger: Ledger,
    sync: Sync,
    outbox: Relation | str,
    limits: Limits,
    *,
    sent_rows: int,
) -> SyncPlan:
    connection = ledger.connection
    row = connection.execute(
        f"""
        select
            count(*) filter (change = 'added'),
            count(*) filter (change = 'changed'),
            count(*) filter (change = 'removed'),
            count(problem),
            coalesce(sum(data_points) filter (problem is null), 0),
            coalesce(sum(strlen(payload)) filter (problem is null), 0),
            coalesce(max(strlen(payload)) filter (problem is null), 0),
            coalesce(bit_xor(hash(row_key, change, payload)), 0)
        from {outbox}
        """
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    added, changed, removed, refused, points, size, largest, checksum = row
    sendable = added + changed + removed - refused
    requests = _requests(connection, outbox, sendable, int(largest), limits)
    _check_changes(connection, sync, outbox)
    samples = connection.execute(
        f"select change, payload from {outbox} where problem is null "
        f"order by {SEQ} limit {SAMPLES}"
    ).fetchall()
    return SyncPlan(
        sync=sync,
        added=added,
        changed=changed,
        removed=removed,
        refused=refused,
        requests=requests,
        data_points=int(points),
        payload_bytes=int(size),
        largest_payload=int(largest),
        checksum=str(checksum),
        samples=tuple(samples),
        guards=tuple(
            find_guards(
                ledger,
                sync,
                outbox,
                removed=removed,
                sent_rows=sent_rows,
                limits=limits,
            )
        ),
    )


def _check_changes(
    connection: duckdb.DuckDBPyConnection, sync: Sync, outbox: Relation | str
) -> None:
    """A view of the user's own may say another word, and nothing would be counted."""
    row = connection.execute(
        f"""
        select any_value(change) from {outbox}
        where change is null or change not in ('added', 'changed', 'removed')
        having count(*) > 0
        """
    ).fetchone()
    if row:
        msg = (
            f"{sync.name}: {sync.pending.name} says change '{row[0]}'. "
            "It knows added, changed and removed."
        )
        raise ConfigError(msg)


def _requests(
    connection: duckdb.DuckDBPyConnection,
    outbox: Relation | str,
    rows: int,
    largest: int,
    limits: Limits,
) -> int:
    """Count by rows alone where no batch can reach the limit of bytes."""
    if (largest + 2) * limits.objects_per_request <= largest_payload(limits):
        return math.ceil(rows / limits.objects_per_request)
    sizes = connection.execute(
        f"select strlen(payload) from {outbox} where problem is null order by {SEQ}"
    ).fetchall()
    return count_requests((size for (size,) in sizes), limits)
