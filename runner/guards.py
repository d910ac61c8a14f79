"""Looks at a frozen plan for what should stop it before the first byte leaves.

Reads the outbox, the ledger and whether the mart is empty; decides nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ledger import Ledger
from .manifest import Relation, Sync
from .masking import shown_key
from .settings import Limits

_NAMED_KEYS = 3
_FEW_ROWS = 10

# Braze finds a profile by e-mail whatever its case.
_ONE_PROFILE = """
        group by case
            when starts_with(payload, '{"email":') then lower(row_key) else row_key
        end
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """A reason not to send. Those that can be meant can be approved."""

    sync: str
    text: str
    approvable: bool = True


def find_guards(
    ledger: Ledger,
    sync: Sync,
    outbox: Relation | str,
    *,
    removed: int,
    sent_rows: int,
    limits: Limits,
) -> Sequence[Guard]:
    """Return every reason not to send what the outbox holds.

    `sent_rows` is how many rows of the sync the destination was known to have before
    this push, whatever a full resync has forgotten since.
    """
    guards = _key_guards(ledger, sync, outbox)
    if sent_rows and _is_empty(ledger, sync):
        guards.append(
            Guard(
                sync.name,
                f"the mart is empty, but {sent_rows:,} rows were sent before. "
                "Look at what it is built from.",
            )
        )
    elif removed > max(_FEW_ROWS, sent_rows * limits.removed_rows_share):
        guards.append(
            Guard(
                sync.name,
                f"{removed:,} of {sent_rows:,} rows sent before left the mart, "
                f"more than {limits.removed_rows_share:.0%}.",
            )
        )
    return guards


def _key_guards(ledger: Ledger, sync: Sync, outbox: Relation | str) -> list[Guard]:
    """Without one row a key, the last of several would win, another one each run."""
    guards = []
    nulls = ledger.connection.execute(
        f"select count(*) from {outbox} where row_key is null"
    ).fetchone()
    if nulls and nulls[0]:
        text = f"{_rows(nulls[0])} NULL as the key. Leave them out of the mart."
        guards.append(Guard(sync.name, text, approvable=False))
    keys = ledger.connection.execute(
        f"""
        select any_value(row_key) as row_key, any_value(payload), count(*) over ()
        from {outbox}
        where row_key is not null
        {_ONE_PROFILE}
        having count(*) > 1 or max(key_count) > 1
        order by row_key
        limit {_NAMED_KEYS}
        """
    ).fetchall()
    if keys:
        total = keys[0][2]
        named = ", ".join(shown_key(key, payload) for key, payload, _ in keys)
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


def refusal(plan_id: str, guards: Sequence[Guard]) -> str:
    """Say what stands against a plan and, where it can be meant, how to approve it."""
    lines = [f"{guard.sync}: {guard.text}" for guard in guards]
    if all(guard.approvable for guard in guards):
        lines.append(
            f"Nothing was sent. If this is meant: runner push --approve {plan_id}"
        )
    else:
        lines.append("Nothing was sent.")
    return "\n".join(lines)
