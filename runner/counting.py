"""Counts and costs what an outbox holds, and finds what stands against sending it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .attribute_names import NameProblem, Ruling, name_problems
from .batches import count_requests, room
from .columns import CHANGES, check_words, columns_of
from .guards import find_guards
from .ledger import Ledger
from .manifest import Relation, Sync
from .outbox import Frozen
from .plan import Guard, Stage, SyncPlan
from .settings import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .warehouse import Session

SAMPLES = 3

_MANY = 10_000


def count_rows(
    ledger: Ledger,
    frozen: Frozen,
    limits: Limits,
    *,
    limit: int | None = None,
    exact: bool = True,
) -> SyncPlan:
    """Return what the frozen rows amount to, and what stands against sending them.

    Requests are counted by cutting every row, unless nobody will read the number.
    """
    sync, outbox, is_ordered = frozen.sync, frozen.outbox, frozen.is_ordered
    connection = ledger.connection
    whole = _count(ledger, frozen, limits, exact=exact)
    guards = find_guards(
        ledger, whole, outbox, sent_rows=frozen.sent_rows, limits=limits
    )
    names = _name_problems(ledger, whole)
    whole = replace(
        whole,
        guards=(
            *guards,
            *(
                Guard(sync.name, each.text, each.ruling is Ruling.APPROVABLE)
                for each in names
                if each.ruling is not Ruling.SAID
            ),
        ),
        said=tuple(each.text for each in names if each.ruling is Ruling.SAID),
    )
    if limit is None or limit >= whole.planned:
        return whole
    # Guards look at all that is pending: a sample must not slip past them.
    _cut(connection, outbox, limit, order=connection.seq if is_ordered else "row_key")
    part = _count(ledger, frozen, limits, exact=exact)
    return replace(part, guards=whole.guards, said=whole.said)


def _cut(
    connection: Session, outbox: Relation | str, limit: int, *, order: str
) -> None:
    """Keep so many of the rows to send, and all that are set aside, after those."""
    connection.rewrite(
        outbox,
        f"""
        select *, row_number() over (order by aside nulls first, {order}) as place
        from {outbox}
        qualify aside is not null or place <= {limit}
        """,
    )


def _name_problems(ledger: Ledger, plan: SyncPlan) -> list[NameProblem]:
    """What Braze would make of columns that it has not seen like this before."""
    sync = plan.sync
    if sync.object != "attributes" or sync.once:
        return []
    delivered = ledger.delivered_columns(sync.name)
    seen = {name: kind for mart in delivered for name, kind in mart.items()}
    found = name_problems(seen, json.loads(plan.columns), new=sync.new_names)
    # What left long ago has been said.
    return [
        each
        for each in found
        if each.ruling is not Ruling.SAID or each.name in delivered[-1]
    ]


def _count(ledger: Ledger, frozen: Frozen, limits: Limits, *, exact: bool) -> SyncPlan:
    sync, outbox, is_ordered = frozen.sync, frozen.outbox, frozen.is_ordered
    connection = ledger.connection
    checksum_of_planned = connection.checksum(
        *("row_key", "change", "payload"), where="aside is distinct from 'adopted'"
    )
    strange = f"operation not in ({_listed(each.name for each in sync.operations)})"
    row = connection.execute(
        f"""
        select
            count(case when change = 'added' and aside is null then 1 end),
            count(case when change = 'changed' and aside is null then 1 end),
            count(case when change = 'removed' and aside is null then 1 end),
            count(case when problem is not null and aside is null then 1 end),
            coalesce(
                sum(case when problem is null and aside is null then data_points end), 0
            ),
            coalesce({checksum_of_planned}, 0),
            count(case when aside = 'held' then 1 end),
            count(case when aside = 'adopted' then 1 end),
            {"count(reach)" if is_ordered else "0"},
            {"coalesce(sum(reach), 0)" if is_ordered else "0"},
            coalesce(min(case when aside is null then problem end), ''),
            max(
                case
                    when change is null then 'null'
                    when change not in ({_listed(CHANGES)}) then change
                end
            ),
            {f"max(case when {strange} then operation end)" if is_ordered else "null"}
        from {outbox}
        """
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    added, changed, removed, refused, points, checksum, *others = row
    held, adopted, by, reach, problem, *words = others
    check_words(sync, *words)
    is_any = added + changed + removed > 0
    return SyncPlan(
        sync=sync,
        added=added,
        changed=changed,
        removed=removed,
        refused=refused,
        data_points=int(points),
        checksum=str(checksum),
        stages=tuple(_stages(connection, frozen, limits, exact=exact))
        if is_any
        else (),
        held=held,
        adopted=adopted,
        reach=(int(by), int(reach)),
        columns=_columns(connection, sync),
        problem=problem,
        samples=_samples(connection, outbox) if is_any else (),
    )


def _samples(
    connection: Session, outbox: Relation | str
) -> tuple[tuple[str, str], ...]:
    rows = connection.execute(
        f"select change, payload from {outbox} where problem is null and aside is null "
        f"order by {connection.seq} limit {SAMPLES}"
    )
    return tuple(rows.fetchall())


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _stages(
    connection: Session, frozen: Frozen, limits: Limits, *, exact: bool
) -> Iterator[Stage]:
    """One stage an operation, in their order."""
    sync, outbox, is_ordered = frozen.sync, frozen.outbox, frozen.is_ordered
    by_name = {operation.name: operation for operation in sync.operations}
    name = "operation" if is_ordered else f"'{sync.operations[0].name}'"
    first_row, seq = _first_row(connection, outbox), connection.seq
    bytes_of = connection.size("payload")
    for operation, first, last, rows, size, largest in connection.execute(
        f"""
        select
            {name}, min({seq}) - {first_row}, max({seq}) - {first_row},
            count(case when problem is null then 1 end),
            coalesce(sum(case when problem is null then {bytes_of} end), 0),
            coalesce(max(case when problem is null then {bytes_of} end), 0)
        from {outbox}
        where aside is null
        group by 1
        order by 2
        """
    ).fetchall():
        stage = Stage(
            operation=by_name[operation],
            is_ordered=is_ordered,
            first_seq=int(first),
            last_seq=int(last),
            sendable=int(rows),
            requests=0,
            payload_bytes=int(size),
            largest_payload=int(largest),
        )
        requests = _count_requests(connection, outbox, stage, limits, exact=exact)
        yield replace(stage, requests=requests)


def _count_requests(
    connection: Session,
    outbox: Relation | str,
    stage: Stage,
    limits: Limits,
    *,
    exact: bool,
) -> int:
    """Count by rows alone where no batch can reach the limit of bytes."""
    operation = stage.operation
    most: int = getattr(limits, operation.most)
    fits = (stage.largest_payload + 2) * most <= room(operation, limits)
    if not exact or (not stage.is_ordered and fits):
        by_bytes = math.ceil(stage.payload_bytes / room(operation, limits))
        return max(math.ceil(stage.sendable / most), by_bytes if not fits else 0)
    seq, first = connection.seq, _first_row(connection, outbox)
    found = connection.execute(
        f"select {connection.size('payload')}, {stage.lanes} from {outbox} "
        "where aside is null and problem is null "
        f"and {seq} between ? and ? order by {seq}",
        [first + stage.first_seq, first + stage.last_seq],
    )
    many = iter(lambda: found.fetchmany(_MANY), [])
    return count_requests(many, operation, limits)


def _first_row(connection: Session, outbox: Relation | str) -> int:
    """What the outbox counts from: before its transaction ends, that is not zero."""
    row = connection.execute(
        f"select coalesce(min({connection.seq}), 0) from {outbox}"
    ).fetchone()
    return int(row[0]) if row else 0


def _columns(connection: Session, sync: Sync) -> str:
    """The mart's columns and types: the next plan tells what is new by them."""
    names: dict[str, str] = {}
    for mart in sync.marts:
        names |= columns_of(connection, sync, mart)
    return json.dumps(names)
