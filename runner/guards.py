"""Looks at a frozen plan for what should stop it before the first byte leaves.

Reads the outbox, the ledger and whether the mart is empty; decides nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from .ledger import Ledger
from .manifest import Relation, Sync
from .masking import shown_key
from .plan import Guard, Plan, SyncPlan
from .settings import Limits

_NAMED_KEYS = 3
_FEW_ROWS = 10
_MOST_OF_THEM = 0.5

# Braze finds a profile by e-mail whatever its case.
_ONE_PROFILE = """
        group by case
            when left(payload, 9) = '{"email":' then lower(row_key) else row_key
        end
"""


def find_guards(
    ledger: Ledger,
    plan: SyncPlan,
    outbox: Relation | str,
    *,
    sent_rows: int,
    limits: Limits,
) -> Sequence[Guard]:
    """Return every reason not to send what the outbox holds.

    `sent_rows` is how many rows of the sync the destination was known to have before
    this push, whatever a full resync has forgotten since.
    """
    sync = plan.sync
    frozen = plan.planned + plan.held + plan.adopted
    guards = _key_guards(ledger, sync, outbox) if frozen else []
    if sync.kind.is_irreversible and plan.sendable:
        guards.append(Guard(sync.name, _irreversible(plan)))
    if sync.once:
        return guards + _repeat_guard(ledger, plan, outbox, sent_rows, limits)
    if sync.kind.is_identity:
        return guards
    if sent_rows and _is_empty(ledger, sync):
        guards.append(
            Guard(
                sync.name,
                f"the mart is empty, but {sent_rows:,} rows were sent before. "
                "Look at what it is built from.",
            )
        )
        return guards
    if plan.removed > max(_FEW_ROWS, sent_rows * limits.removed_rows_share):
        guards.append(
            Guard(
                sync.name,
                f"{plan.removed:,} of {sent_rows:,} rows sent before left the mart, "
                f"more than {limits.removed_rows_share:.0%}.",
            )
        )
    if sync.object == "attributes":
        guards += _rename_guard(ledger, plan, sent_rows, limits)
    return guards


def _irreversible(plan: SyncPlan) -> str:
    users = f"{plan.sendable:,} {'user' if plan.sendable == 1 else 'users'}"
    if plan.sync.object == "merges":
        return f"merging {users} into others cannot be undone."
    return f"deleting {users} in Braze cannot be undone."


def _repeat_guard(
    ledger: Ledger,
    plan: SyncPlan,
    outbox: Relation | str,
    sent_rows: int,
    limits: Limits,
) -> list[Guard]:
    """Keys that were renamed would send history once more, and count it twice.

    What the ledger keeps of an event (whose, what, when) tells it under any key.
    """
    if plan.added <= max(_FEW_ROWS, sent_rows * limits.renamed_rows_share):
        return []
    row = ledger.connection.execute(
        f"""
        select count(*) from {outbox}
        where
            aside is null
            and row_json in (select row_json from {ledger.sent} where sync = ?)
        """,
        [plan.sync.name],
    ).fetchone()
    known = int(row[0]) if row else 0
    if known <= plan.added * _MOST_OF_THEM:
        return []
    return [
        Guard(
            plan.sync.name,
            f"{known:,} of {plan.added:,} rows were sent before under another key. "
            "Have keys been renamed? Sending would count them twice in "
            f"{plan.sync.operations[0].receiver}.",
        )
    ]


def _rename_guard(
    ledger: Ledger, plan: SyncPlan, sent_rows: int, limits: Limits
) -> list[Guard]:
    """Many keys vanish and many appear: that is a rename, and would create people.

    The rows of the mart that are not new are the ones that were sent before; the rest
    of what was sent has vanished. Nothing has to be compared for that.
    """
    most = max(_FEW_ROWS, sent_rows * limits.renamed_rows_share)
    if plan.added <= most:
        return []
    rows = sum(
        count[0]
        for mart in plan.sync.marts
        if (
            count := ledger.connection.execute(
                f"select count(*) from {mart}"
            ).fetchone()
        )
    )
    vanished = sent_rows - (rows - plan.added)
    if vanished <= most:
        return []
    return [
        Guard(
            plan.sync.name,
            f"{vanished:,} of {sent_rows:,} keys vanished and {plan.added:,} appeared: "
            "have keys been renamed? Sending would create these people anew; to rename "
            "them in Braze see docs/identity.md.",
        )
    ]


def _key_guards(ledger: Ledger, sync: Sync, outbox: Relation | str) -> list[Guard]:
    """Without one row a key, the last of several would win, another one each run."""
    guards = []
    nulls = ledger.connection.execute(
        f"select count(*) from {outbox} where row_key is null"
    ).fetchone()
    if nulls and nulls[0]:
        text = f"{_rows(nulls[0])} NULL as the key. Leave them out of the mart."
        guards.append(Guard(sync.name, text, approvable=False))
    # Without the payloads: the keys of a first load are many enough.
    keys = ledger.connection.execute(
        f"""
        select any_value(row_key) as a_key, count(*) over ()
        from {outbox}
        where row_key is not null
        {_ONE_PROFILE}
        having count(*) > 1 or max(key_count) > 1
        order by a_key
        limit {_NAMED_KEYS}
        """
    ).fetchall()
    if keys:
        total = keys[0][1]
        payloads = ledger.connection.execute(
            f"select row_key, payload from {outbox} "
            f"where {ledger.connection.among('row_key')}",
            [[key for key, _ in keys]],
        ).fetchall()
        shown = {key: shown_key(key, payload) for key, payload in payloads}
        named = ", ".join(shown[key] for key, _ in keys)
        more = ", ..." if total > len(keys) else ""
        guards.append(
            Guard(
                sync.name,
                f"{total:,} {'key stands' if total == 1 else 'keys stand'} in more "
                f"than one row of the mart ({named}{more}). Make the key unique, then "
                "run: runner build",
                approvable=False,
            )
        )
    return guards


def _rows(count: int) -> str:
    return f"{count:,} {'row has' if count == 1 else 'rows have'}"


def _is_empty(ledger: Ledger, sync: Sync) -> bool:
    return bool(sync.marts) and all(
        ledger.connection.execute(f"select 1 from {mart} limit 1").fetchone() is None
        for mart in sync.marts
    )


def refusal(plan: Plan, held: Collection[str], command: str, *, some_sent: bool) -> str:
    """Say what stands against a plan and, where it can be meant, how to approve it."""
    lines = []
    for each in plan.syncs:
        guards = [guard for guard in each.guards if guard.sync in held]
        lines += [f"{guard.sync}: {guard.text}" for guard in guards]
        if some_sent and guards and all(guard.approvable for guard in guards):
            alone = replace(plan, syncs=(each,)).plan_id
            lines.append(
                f"If this is meant: runner push -s {each.sync.name} --approve {alone}"
            )
    if some_sent:
        return "\n".join([*lines, "These were held back; the others were sent."])
    if all(guard.approvable for guard in plan.guards):
        lines.append(
            f"Nothing was sent. If this is meant: {command} --approve {plan.plan_id}"
        )
    else:
        lines.append("Nothing was sent.")
    return "\n".join(lines)
