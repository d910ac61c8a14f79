{#
    When each user came and went: audience_id, external_id, entered_at, left_at (null while
    the user is a member). For an incremental model with the unique key audience_id,
    external_id, entered_at and `full_refresh: false`: nobody else remembers the past.

    members  relation of today's members: audience_id, external_id
#}
{% macro audience_memberships(members) -%}
with

members as (

    select audience_id, external_id from {{ members }}

)
{%- if not is_incremental() %}

select
    audience_id,
    external_id,
    {{ braze_bridge.run_time() }} as entered_at,
    cast(null as datetime) as left_at
from members
{%- else %},

open_memberships as (

    select
        audience_id,
        external_id,
        entered_at
    from {{ this }}
    where left_at is null

)

select
    coalesce(members.audience_id, open_memberships.audience_id) as audience_id,
    coalesce(members.external_id, open_memberships.external_id) as external_id,
    coalesce(open_memberships.entered_at, {{ braze_bridge.run_time() }}) as entered_at,
    case when members.external_id is null then {{ braze_bridge.run_time() }} end as left_at
from members
full outer join open_memberships
    on
        members.audience_id = open_memberships.audience_id
        and members.external_id = open_memberships.external_id
where members.external_id is null or open_memberships.external_id is null
{%- endif %}
{%- endmacro %}


{# When this run of dbt started, in UTC: one moment for all its models. #}
{% macro run_time() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as datetime)
{%- endmacro %}
