"""A small project of a user's own: two audiences, told in every encoding."""

from __future__ import annotations

CROWD = {
    "crowd.sql": """\
{{ config(materialized='table') }}
select
    'p' || number as external_id,
    number % 2 = 0 as is_gold,
    number % 5 = 0 as is_late
from range(40) as numbers(number)
""",
    "audience_gold.sql": """\
with members as (select external_id from {{ ref('crowd') }} where is_gold)
{{ braze_bridge.audience('members', holdout=20) }}
""",
    "audience_late.sql": """\
with members as (select external_id from {{ ref('crowd') }} where is_late)
{{ braze_bridge.audience('members', exclude=[ref('audience_gold')]) }}
""",
    "our_audiences.sql": "{{ braze_bridge.audience_definitions() }}",
    "our_members.sql": """\
select audience_id, external_id from {{ ref('audience_gold') }} where not is_held_out
union all
select audience_id, external_id from {{ ref('audience_late') }} where not is_held_out
""",
    "our_memberships.sql": """\
{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    full_refresh=false, on_schema_change='append_new_columns',
    unique_key=['audience_id', 'external_id', 'entered_at']
) }}
{{ braze_bridge.audience_memberships(ref('our_members')) }}
""",
    "flags.sql": """\
select
    external_id,
    {{ braze_bridge.audience_flag('gold') }} as audience_gold,
    {{ braze_bridge.audience_flag('late') }} as audience_late
from {{ ref('our_memberships') }}
group by external_id
""",
    "lists.sql": """\
select
    external_id,
    {{ braze_bridge.array_of('audience_id', order_by='audience_id') }} as audiences
from {{ ref('our_members') }}
group by external_id
""",
    "groups.sql": """\
select
    external_id,
    'audience_' || audience_id as subscription_group,
    case when left_at is null then 'subscribed' else 'unsubscribed' end as state,
    coalesce(left_at, entered_at) as consented_at
from {{ ref('our_memberships') }}
qualify
    row_number() over (
        partition by audience_id, external_id
        order by entered_at desc
    ) = 1
""",
    "cohorts.sql": """\
select audience_id as cohort_id, label as cohort_name, external_id
from {{ ref('our_members') }}
inner join {{ ref('our_audiences') }} using (audience_id)
""",
    "our_groups.sql": """\
select
    'dev' as environment,
    'audience_' || id as group_name,
    id as subscription_group_id
from (select unnest(['gold', 'late']) as id) as ids
""",
    "flags__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('flags'), on_removed='false') }}"
    ),
    "lists__pending.sql": (
        "{{ braze_bridge.pending_rows(ref('lists'), array_columns=['audiences'], "
        "on_removed='unset') }}"
    ),
    "groups__pending.sql": (
        "{{ braze_bridge.pending_subscription_states(ref('groups'), "
        "groups=ref('our_groups')) }}"
    ),
    "cohorts__pending.sql": (
        "{{ braze_bridge.pending_cohort_members(ref('cohorts')) }}"
    ),
    "syncs.yml": """\
models:
  - name: audience_gold
    config: {meta: {audience: {label: Gold}}}
  - name: audience_late
    config: {meta: {audience: {label: "Late, but not gold"}}}
  - name: flags__pending
    config: {meta: {sync: {destination: braze, object: attributes}}}
  - name: lists__pending
    config: {meta: {sync: {destination: braze, object: attributes}}}
  - name: groups__pending
    config: {meta: {sync: {destination: braze, object: subscriptions, first_run: send}}}
  - name: cohorts__pending
    config: {meta: {sync: {destination: braze, object: cohort}}}
""",
}
