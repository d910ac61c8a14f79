{#
    Protects cohorts of people who have an alias only: the key, the member and the user are
    told from the alias.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
{% set members -%}
    (
        select
            'vip' as cohort_id, 'VIP customers' as cohort_name,
            'n"1' as alias_name, 'crm' as alias_label
    )
{%- endset %}
select
    row_key,
    payload,
    row_json,
    user_key
from ({{ pending_cohort_members(members, user='user_alias') }}) as pending_members
where
    operation = 'members'
    and (
        row_key <> '["vip",{"alias_name":"n\"1","alias_label":"crm"}]'
        or payload <> '{"aliases":[{"alias_name":"n\"1","alias_label":"crm"}]}'
        or row_json <> '{"cohort_id":"vip","alias_name":"n\"1","alias_label":"crm"}'
        or user_key <> 'user_alias:crm:n"1'
    )
