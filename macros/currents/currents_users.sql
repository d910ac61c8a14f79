{# Which external_id Braze saw with which of its users, from when to when: user_id,
   external_id, first_seen_at, last_seen_at. Every type is read, known to us or not: the
   external_id of a deleted user may have been told by any of them. `among` is a condition
   over user_id and external_user_id: of the events that it leaves out nothing is kept. #}
{% macro currents_sightings(among='true') -%}
select
    user_id,
    external_id,
    min(occurred_at) as first_seen_at,
    max(occurred_at) as last_seen_at
from (
    select
        user_id,
        external_user_id as external_id,
        {{ braze_bridge.currents_moment('time') }} as occurred_at
    from (
        {{ adapter.dispatch('currents_seen_users', 'braze_bridge')() | indent(8) }}
    ) as events
    where
        user_id <> ''
        and external_user_id <> ''
        and {{ braze_bridge.currents_set_aside('time') }} is null
        and {{ among }}
) as sightings
group by user_id, external_id
{%- endmacro %}


{# user_id, external_user_id and time of every event that was loaded. #}
{% macro default__currents_seen_users() -%}
    {%- for relation in braze_bridge.currents_relations_of_users() %}
select
    try_cast(user_id as varchar) as user_id,
    try_cast(external_user_id as varchar) as external_user_id,
    try_cast(time as bigint) as time
from {{ relation }}
{% if not loop.last %}union all{% endif %}
    {%- else %}
select
    cast(null as varchar) as user_id,
    cast(null as varchar) as external_user_id,
    cast(null as bigint) as time
where false
    {%- endfor %}
{%- endmacro %}

{% macro snowflake__currents_seen_users() -%}
    {%- set relation = braze_bridge.currents_relation('users.profile.Update') -%}
select
    {%- for name, type in [
        ('user_id', 'varchar'), ('external_user_id', 'varchar'), ('time', 'bigint'),
    ] %}
    {% if not relation -%}
    cast(null as {{ type }}) as {{ name }}
    {%- elif type == 'varchar' -%}
    cast(get(event, '{{ name }}') as varchar) as {{ name }}
    {%- else -%}
    try_cast(cast(get(event, '{{ name }}') as varchar) as {{ type }}) as {{ name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {%- endfor %}
{% if relation %}from {{ relation }}{% else %}where false{% endif %}
{%- endmacro %}


{# The tables of Currents that tell whom an event is about; none before the first file. #}
{% macro currents_relations_of_users() -%}
    {%- set relations = [] -%}
    {%- if execute -%}
        {%- set schema = target.schema ~ '_currents' -%}
        {%- set query -%}
            select table_name
            from information_schema.columns
            where
                lower(table_catalog) = lower('{{ target.database }}')
                and lower(table_schema) = lower('{{ schema }}')
                and lower(column_name) in ('user_id', 'external_user_id', 'time')
            group by table_name
            having count(*) = 3
            order by table_name
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do relations.append(
                api.Relation.create(target.database, schema, row['table_name'])
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(relations) -}}
{%- endmacro %}


{# Which user was left of each user whom Braze merged into another: user_id, survivor_id.
   A survivor may be merged in its turn; twenty steps, since two may name each other. #}
{% macro currents_merged_users() -%}
with recursive

orphans as (

    select
        user_id,
        orphaned_by_id as survivor_id
    from (
        {{ braze_bridge.currents_events(
            'users.UserOrphan', {'orphaned_by_id': 'varchar'}
        ) | indent(8) }}
    ) as events
    where
        user_id <> ''
        and orphaned_by_id <> ''
        and user_id <> orphaned_by_id
        and {{ braze_bridge.currents_set_aside('time') }} is null
    qualify row_number() over (partition by user_id order by time desc, id) = 1

),

{# Snowflake wants the columns of what is recursive beside its name. #}
survivors (user_id, survivor_id, step) as (

    select
        user_id,
        survivor_id,
        1 as step
    from orphans
    union all
    select
        survivors.user_id,
        orphans.survivor_id,
        survivors.step + 1 as step
    from survivors
    inner join orphans
        on survivors.survivor_id = orphans.user_id
    where survivors.step < 20

)

select
    user_id,
    max_by(survivor_id, step) as survivor_id
from survivors
group by user_id
{%- endmacro %}
