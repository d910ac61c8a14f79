"""A shop whose events, visits and orders must each reach Braze once.

Built once by dbt and copied for each test. Of 1,000 users ten own half of the events.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import Run, Shop, build_models, shared

EVENTS = 4_000
VISITS = 75
PUSH = ("push", "--yes", "--format", "json", "-s")

_EVENT = """\
{{{{ config(materialized='table') }}}}
select
    '{key}' || number as event_key,
    {user} as external_id,
    'viewed' as name,
    -- Not in the order of the keys, and never twice the same.
    timestamp '2026-01-01 00:00:00' + interval (number * 7919 % {rows}) minute as time,
    struct_pack(page := 'p' || number % 9, email := 'someone@example.com') as properties
from range({rows}) as numbers(number)
"""
_ORDERS = """\
{{ config(materialized='table') }}
select
    'o' || number as purchase_key,
    'u' || number % 3 as external_id,
    'sku-' || number as product_id,
    'EUR' as currency,
    case when number = 2 then -10.5 else 10.5 end as price,
    case when number = 1 then 250 else 1 end as quantity,
    timestamp '2026-01-01 00:00:00' + interval (number) minute as time,
    {'shop': 's1'} as properties
from range(6) as numbers(number)
"""
_SYNCS = {
    "events": "object: events, first_run: send",
    "visits": "object: events, first_run: send",
    "orders": "object: purchases, first_run: send",
    # Of the same visits.
    "skipped": "object: events, first_run: send, missing_user: skip",
}

# One request in nine goes wrong, in ten ways.
RATES = {
    "429_epoch": 0.01,
    "429_retry_after": 0.01,
    "500": 0.015,
    "500_applied": 0.015,
    "503_html": 0.01,
    "html_200": 0.01,
    "lost_answer": 0.015,
    "truncated_json": 0.015,
    "unindexed_errors": 0.005,
    "partial_errors": 0.01,
}
IN_DOUBT = {
    "500",
    "500_applied",
    "503_html",
    "html_200",
    "lost_answer",
    "truncated_json",
    "unindexed_errors",
}
"""The faults after which nobody can know whether the request was applied."""


def _models() -> dict[str, str]:
    files = {}
    heavy = "case when number % 2 = 0 then number // 2 % 10 * 100"
    light = "else number // 2 % 990 + number // 2 % 990 // 99 + 1 end"
    files["events.sql"] = _EVENT.format(
        key="e", user=f"'u' || ({heavy} {light})", rows=EVENTS
    )
    files["visits.sql"] = _EVENT.format(key="v", user="'v' || number", rows=VISITS)
    files["orders.sql"] = _ORDERS
    described = "models:\n"
    for name, sync in _SYNCS.items():
        mart = "visits" if name == "skipped" else name
        macro = "pending_purchases" if name == "orders" else "pending_events"
        call = f"{{{{ braze_bridge.{macro}(ref('{mart}')) }}}}\n"
        files[f"{name}__pending.sql"] = call
        meta = f"{{sync: {{destination: braze, {sync}}}}}"
        described += f"  - name: {name}__pending\n    config: {{meta: {meta}}}\n"
    files["syncs.yml"] = described
    return files


@pytest.fixture(scope="session")
def built_events(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Build the shop once; copy it, never change it."""

    def make(directory: Path) -> None:
        build_models(built_shop, directory, _models())

    return Shop(shared(tmp_path_factory, "built_events", make))


# -- what both sides say


def in_braze(sandbox: Sandbox) -> Counter[str]:
    """How often each event or purchase arrived, by the key that travels with it."""
    told = [*sandbox.events(), *sandbox.purchases()]
    return Counter(str(one["properties"]["event_id"]) for one in told)


def keys(shop: Shop, table: str, sync: str = "events") -> set[str]:
    """The row keys that one of the ledger's tables has of a sync."""
    rows = shop.sql(
        f"select row_key from main_ledger.ledger_{table}_rows where sync = ?", [sync]
    )
    assert len(rows) == len(set(rows)), f"a key is twice in ledger_{table}_rows"
    return {str(key) for (key,) in rows}


def pending(shop: Shop, sync: str = "events") -> set[str]:
    """The row keys that the next push would send."""
    return {
        str(key) for (key,) in shop.sql(f"select row_key from main.{sync}__pending")
    }


def listed(shop: Shop, sync: str = "events") -> set[str]:
    """The row keys that the command lists as unknown."""
    run = shop.runner("unknown", "-s", sync, "--limit", "99999", "--format", "json")
    return {str(row["row_key"]) for row in run.json}


def check_once(shop: Shop, sandbox: Sandbox, sync: str = "events") -> None:
    """No event is twice in Braze, and none is neither there nor accounted for."""
    arrived = in_braze(sandbox)
    assert [key for key, copies in arrived.items() if copies > 1] == []
    sent, unknown = keys(shop, "sent", sync), keys(shop, "unknown", sync)
    waiting = pending(shop, sync)
    everything = shop.sql(f"select {KEYS.get(sync, 'event_key')} from main.{sync}")
    assert sent <= set(arrived), "acknowledged and not applied"
    assert set(arrived) <= sent | unknown, "applied and not known to be"
    assert not sent & waiting
    assert not unknown & (sent | waiting)
    assert sent | unknown | waiting >= {str(key) for (key,) in everything}


KEYS = {"orders": "purchase_key"}


def outcome(run: Run) -> dict[str, Any]:
    """What a push says of its one sync."""
    assert run.code in {0, 1, 4}, run.err
    said: dict[str, Any] = run.json["syncs"][0]
    return said


def set_option(shop: Shop, sync: str, **options: str) -> None:
    """Change options of a sync that its SQL does not look at."""

    def change(nodes: dict[str, Any]) -> None:
        node = nodes[f"model.shop.{sync}__pending"]
        for meta in (node["meta"], node["config"]["meta"]):
            meta["sync"] |= options

    shop.change_manifest(change)
