{#
    Protects cohorts of people who have an alias only: the key, the member and the user are
    told from the alias. A member who is not there at all fails as well.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
{# A backslash in a text is an escape on Snowflake, and itself on DuckDB. #}
{% set quote = "' || chr(92) || '\"" %}
{% set members -%}
    (
        select
            'vip' as cohort_id, 'VIP customers' as cohort_name,
            'n"1' as alias_name, 'crm' as alias_label
    )
{%- endset %}
with

expected as (

    select
        '["vip",{"alias_name":"n{{ quote }}1","alias_label":"crm"}]' as row_key,
        '{"aliases":[{"alias_name":"n{{ quote }}1","alias_label":"crm"}]}' as payload,
        '{"cohort_id":"vip","alias_name":"n{{ quote }}1","alias_label":"crm"}' as row_json,
        'user_alias:crm:n"1' as user_key

),

pending_members as (

    select
        row_key,
        payload,
        row_json,
        user_key
    from ({{ pending_cohort_members(members, user='user_alias') }}) as cohort_rows
    where operation = 'members'

)

(select * from expected except select * from pending_members)
union all
(select * from pending_members except select * from expected)
