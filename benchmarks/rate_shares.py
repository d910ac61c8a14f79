"""The table by which several runners would share one rate limit: who may send how much.

Each runner has a row: how many requests a window it may begin, and until when. All
times in the table are the warehouse's; a runner counts the seconds since it asked, on
its own clock, and trusts its row for two thirds of them. So nobody compares two clocks.

A runner lowers its pace before it gives a part of its share back, and raises it after
it was granted more: at every moment all paces together are at most all shares together.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

LEASE_SECONDS = 30.0
TRUSTED_SECONDS = 20.0
SHARE_OF_LIMIT = 0.95
"""As the runner's gate: answers that are slow to come bunch requests up."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the table says: the row's share, and what each runner would fairly have."""

    share: int
    fair: int


class RateShares:
    """The table, in a DuckDB of its own: one transaction an ask, as in a warehouse."""

    def __init__(self, limit: int) -> None:
        self.capacity = int(limit * SHARE_OF_LIMIT)
        self._connection = duckdb.connect()
        self._connection.execute(
            "create table rate_shares (runner varchar primary key, epoch bigint, "
            "share bigint, expires_at double)"
        )

    def ask(self, runner: str, epoch: int, pace: int, now: float) -> Grant | None:
        """Renew a row, or make one; `pace` is what the runner keeps to until it hears.

        None when the table has heard a later word of this runner: an ask that was long
        on its way must not take away what was granted since.
        """
        run = self._connection.execute
        run("begin")
        run("delete from rate_shares where expires_at <= ?", [now])
        last = run(
            "select epoch from rate_shares where runner = ?", [runner]
        ).fetchone()
        if last and last[0] >= epoch:
            run("rollback")
            return None
        row = run(
            "select coalesce(sum(share), 0), count(*) from rate_shares "
            "where runner <> ?",
            [runner],
        ).fetchone()
        assert row
        others, count = int(row[0]), int(row[1])
        fair = self.capacity // (count + 1)
        share = min(max(fair, pace), self.capacity - others)
        run(
            "insert or replace into rate_shares values (?, ?, ?, ?)",
            [runner, epoch, share, now + LEASE_SECONDS],
        )
        run("commit")
        return Grant(share, fair)
