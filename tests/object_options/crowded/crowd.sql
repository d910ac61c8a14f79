{# Two people with every identifier, a number wherever a mart could have one; and beside
   what the objects read a column of every name that the delta uses for its own. #}
{{ config(materialized='table') }}
select
    number as event_key,
    number as purchase_key,
    number as increment_key,
    number as external_id,
    10 + number as braze_id,
    'P' || number || '@Example.com' as email,
    490 + number as phone,
    70 + number as alias_name,
    'card' as alias_label,
    'looked' as name,
    timestamp '2026-01-31 10:00:00' as time,
    timestamp '2026-01-31 10:00:00' as changed_at,
    timestamp '2026-01-31 10:00:00' as consented_at,
    null as properties,
    1 as product_id,
    'EUR' as currency,
    1.50 as price,
    '2' as quantity,
    'points' as attribute,
    '5' as amount,
    'vip' as cohort_id,
    'VIP customers' as cohort_name,
    'email' as subscription_group,
    'subscribed' as state,
    ['identified'] as prioritization,
    number as merge_external_id,
    20 + number as keep_external_id,
    number as current_external_id,
    30 + number as new_external_id,
    null as payload,
    {%- for name in [
        'row_json', 'row_hash', 'row_key', 'problem', 'operation', 'scope', 'user_key',
        'user_keys', 'sort_key', 'data_points', 'adoptable', 'reach', 'change', 'key_count',
        'is_resync', 'sent_key', 'sent_json', 'counted_key', 'count_rows', 'held_scope',
        'cohort_key', 'description', '_row_key', '_row_hash', '_is_known', '_is_resync',
        '_payload', '_properties', '_own_properties', '_iso_time', '_moment', '_is_ahead',
        '_problem', '_is_due', '_part', '_part_key', '_quantity', '_articles', '_alias_key',
        '_old_name', '_names_differ', '_identification_key', '_merge_key', '_merged_user',
        '_last_user', '_steps', '_rename_key', '_operation', '_null_external_id',
    ] %}
    'ours' as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from range(1, 3) as numbers(number)
