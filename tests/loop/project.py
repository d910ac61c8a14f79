"""A shop that holds our package's models of Currents and brings the rest.

Where our models want a customer, an order or an audience, a model of the shop's own
with the same name stands in.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import PROJECT, REPOSITORY

NEWS = "group-news"

CONSENTS = {
    **dict.fromkeys(("u1", "u2", "u5", "u6", "u7", "u8"), "email"),
    **dict.fromkeys(("n1", "n2", "n3", "n4", "n5", "n8", "n9"), "email"),
    **dict.fromkeys(("u3", "n6"), "push"),
    **dict.fromkeys(("u4", "n7"), "newsletter"),
}

GONE = (
    *("gone", "gone-canvas", "gone-campaigns", "gone-behaviors"),
    *("gone-merged", "gone-survivor", "gone-renamed", "gone-twice"),
)
"""Deleted in Braze."""

PEOPLE = (
    *CONSENTS,
    *("e1", "e2", "e3", "b1", "b2"),
    *GONE,
    *("moved", "kept-merged", "kept-blank", "kept-taken"),
)
"""u, n: consent, e: engagement, b: bounces."""

_CONFIG = """\
name: shop
version: 0.1.0
config-version: 2
profile: shop
models:
  braze_bridge:
    staging:
      +enabled: false
      currents: {+enabled: true}
    intermediate:
      +enabled: false
      consent: {+enabled: true}
      engagement:
        int_currents_users: {+enabled: true}
    marts:
      +enabled: false
      engagement: {+enabled: true}
      audiences:
        audience_candidates: {+enabled: true}
        audience_disengaged: {+enabled: true}
        audience_engaged: {+enabled: true}
      braze:
        braze_message_engagement: {+enabled: true}
    sync:
      +enabled: false
      ledger: {+enabled: true}
      braze_message_engagement__pending: {+enabled: true}
seeds:
  braze_bridge: {+enabled: false}
vars:
  as_of_date: "2026-11-01"
  message_engagement: true
  lift_campaigns:
    - {campaign: spring, audience: voucher, days: 14}
    - {campaign: autumn, audience: voucher, days: 14}
    - {campaign: never-sent, audience: voucher, days: 14}
"""


def _rows(*rows: str) -> str:
    return "\nunion all\n".join(f"select {row}" for row in rows) + "\n"


def _nothing(columns: str) -> str:
    nulls = (
        f"cast(null as {kind}) as {name}"
        for name, kind in (column.split() for column in columns.split(", "))
    )
    return f"select {', '.join(nulls)} where false\n"


_STAY = (
    "'voucher' as audience_id, '{side}' || number as external_id, "
    "timestamp '2026-09-01' as entered_at, cast({left_at} as timestamp) as left_at"
)

_MODELS = {
    "people": "{{ config(materialized='table') }}\n"
    + _rows(
        *(
            f"'{person}' as external_id, '{person}@example.com' as email, 1 as points"
            for person in PEOPLE
        )
    ),
    "int_customers_deduplicated": "select * from {{ ref('people') }}\n",
    "braze_customer_attributes": (
        "{{ config(contract={'enforced': false}) }}\n"
        "select * from {{ ref('people') }}\n"
    ),
    "people__pending": "{{ braze_bridge.pending_rows(ref('people')) }}\n",
    "consents": _rows(
        *(
            f"'{person}' as external_id, '{group}' as subscription_group, "
            f"'{'subscribed' if group == 'newsletter' else 'opted_in'}' as state, "
            "timestamp '2026-10-01 10:00:00.4' as consented_at"
            for person, group in CONSENTS.items()
        )
    ),
    "consents__pending": (
        "{{ braze_bridge.pending_subscription_states(ref('consents'), "
        "heard=ref('int_consent_heard')) }}\n"
    ),
    "braze_subscription_groups": _rows(
        f"'dev' as environment, 'newsletter' as group_name, "
        f"'{NEWS}' as subscription_group_id"
    ),
    "stg_braze__subscription_changes": _nothing(
        "change_id varchar, external_id varchar, subscription_group_id varchar, "
        "channel varchar, state varchar, changed_at timestamp"
    ),
    "visits": _rows(
        *(
            f"'v{number}' as event_key, 'u{number}' as external_id, 'viewed' as name, "
            f"timestamp '2026-10-01 10:00:00' as time, "
            f"struct_pack(page := {number}) as properties"
            for number in range(1, 6)
        )
    ),
    "visits__pending": "{{ braze_bridge.pending_events(ref('visits')) }}\n",
    "sales": _rows(
        *(
            f"'s{number}' as purchase_key, 'u{number}' as external_id, "
            f"'shoes' as product_id, 'EUR' as currency, 10.5 as price, 1 as quantity, "
            f"timestamp '2026-10-01 10:00:00' as time, "
            f"struct_pack(color := 'red') as properties"
            for number in range(1, 3)
        )
    ),
    "sales__pending": (
        "{{ braze_bridge.pending_purchases(ref('sales'), key='purchase_key') }}\n"
    ),
    **{
        f"audience_{audience}": (
            f"select '{audience}' as audience_id, external_id, false as is_held_out "
            "from {{ ref('people') }} where external_id like 'b%'\n"
        )
        for audience in (
            *("cart_abandoners", "lapsed", "newsletter_prospects", "vip", "voucher"),
        )
    },
    # Members buy for 20 on the average, those held out for 15: the lift is 5. Who came
    # too late or left before belongs to neither, and nothing outside the days counts.
    "audience_memberships": f"""\
select {_STAY.format(side="m", left_at="null")} from range(2000) as n(number)
union all
select {_STAY.format(side="left", left_at="'2026-09-20'")} from range(50) as n(number)
union all
select * replace (timestamp '2026-10-20' as entered_at)
from (select {_STAY.format(side="late", left_at="null")} from range(50) as n(number))
""",
    "audience_holdout_memberships": (
        f"select {_STAY.format(side='h', left_at='null')} "
        "from range(500) as n(number)\n"
    ),
    "int_orders_purchased": """\
select
    'm' || number as external_id,
    -- In two orders.
    cast(if(number % 2 = 0, 15, 5) as decimal(18, 2)) as order_amount,
    timestamp '2026-10-05 10:00:00' + interval (half) day as ordered_at
from range(2000) as n(number), range(2) as h(half)
union all
select
    'h' || number,
    cast(if(number % 2 = 0, 20, 10) as decimal(18, 2)),
    timestamp '2026-10-05 10:00:00'
from range(500) as n(number)
union all
select 'm1', cast(9999 as decimal(18, 2)), timestamp '2026-09-30 10:00:00'
union all
select 'h1', cast(9999 as decimal(18, 2)), timestamp '2026-10-16 00:00:00'
union all
select 'late1', cast(9999 as decimal(18, 2)), timestamp '2026-10-05 10:00:00'
""",
}

_SYNCS = {
    "people": "object: attributes",
    "consents": "object: subscriptions, first_run: send",
    "visits": "object: events, first_run: send",
    "sales": "object: purchases, first_run: send",
}

_PARTS = (
    *("dbt_project.yml", "macros", "models/sync/ledger", "models/staging/currents"),
    *("models/intermediate/consent", "models/intermediate/engagement"),
    *("models/marts/audiences", "models/marts/braze", "models/marts/engagement"),
    *(
        "models/sync/_engagement__models.yml",
        "models/sync/braze_message_engagement__pending.sql",
    ),
)
"""What dbt must read of our package. All of it would double the time of a build."""


def install(directory: Path) -> None:
    """Put the package where `dbt deps` would."""
    for part in _PARTS:
        source = REPOSITORY / part
        target = directory / "dbt_packages" / "braze_bridge" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


FILES = {
    **{name: text for name, text in PROJECT.items() if not name.startswith("models/")},
    "dbt_project.yml": _CONFIG,
    **{f"models/{name}.sql": sql for name, sql in _MODELS.items()},
    "models/syncs.yml": "models:\n"
    + "".join(
        f"  - name: {sync}__pending\n"
        f"    config: {{meta: {{sync: {{destination: braze, {text}}}}}}}\n"
        for sync, text in _SYNCS.items()
    ),
}
"""Path -> text of the whole project."""
