{#
    The events of one type that `runner currents load` has loaded: id, user_id,
    external_user_id, app_group_id, time, _hour, _loaded_at and the named columns.

        {{ currents_events('users.messages.email.Open', {'machine_open': 'varchar'}) }}

    columns  name in lower case -> type; what cannot be read as that type is null

    Where the type was never loaded there are no rows, and where it lacks a column there
    are nulls: a project builds before its first file, and while a schema grows.
#}
{% macro currents_events(event_type, columns={}) -%}
    {%- set wanted = {
        'id': 'varchar', 'user_id': 'varchar', 'external_user_id': 'varchar',
        'app_group_id': 'varchar', 'time': 'bigint',
    } -%}
    {%- do wanted.update(columns) -%}
    {%- do wanted.update({'_hour': 'datetime', '_loaded_at': 'datetime'}) -%}
    {{- adapter.dispatch('currents_events', 'braze_bridge')(event_type, wanted) -}}
{%- endmacro %}

{% macro default__currents_events(event_type, wanted) -%}
    {%- set relation = braze_bridge.currents_relation(event_type) -%}
    {%- set found = adapter.get_columns_in_relation(relation) | map(attribute='name')
        | map('lower') | list if relation else [] -%}
select
    {%- for name, type in wanted.items() %}
    {% if name in found -%}
    try_cast({{ adapter.quote(name) }} as {{ type }}) as {{ name }}
    {%- else -%}
    cast(null as {{ type }}) as {{ name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {%- endfor %}
{% if relation -%}
from {{ relation }}
{%- else -%}
where false
{%- endif %}
{%- endmacro %}

{# Snowflake holds every type in one table, and a field that is missing is null anyway. #}
{% macro snowflake__currents_events(event_type, wanted) -%}
    {%- set relation = braze_bridge.currents_relation(event_type) -%}
select
    {%- for name, type in wanted.items() %}
    {% if not relation -%}
    cast(null as {{ type }}) as {{ name }}
    {%- elif name in ['_hour', '_loaded_at'] -%}
    cast({{ name }} as {{ type }}) as {{ name }}
    {%- elif type == 'varchar' -%}
    cast(get(event, '{{ name }}') as varchar) as {{ name }}
    {%- else -%}
    try_cast(cast(get(event, '{{ name }}') as varchar) as {{ type }}) as {{ name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {%- endfor %}
{% if relation -%}
from {{ relation }}
where event_type = '{{ event_type }}'
qualify row_number() over (partition by get(event, 'id') order by _loaded_at, _file) = 1
{%- else -%}
where false
{%- endif %}
{%- endmacro %}


{# Where the events of a type are; none where nothing was loaded. It is no dbt source, which
   would have to be declared for each type, there or not. #}
{% macro currents_relation(event_type) -%}
    {%- if execute -%}
        {{- return(adapter.get_relation(
            target.database, target.schema ~ '_currents',
            braze_bridge.currents_table(event_type)
        )) -}}
    {%- endif -%}
    {{- return(none) -}}
{%- endmacro %}


{% macro currents_table(event_type) -%}
    {{- return(adapter.dispatch('currents_table', 'braze_bridge')(event_type)) -}}
{%- endmacro %}

{% macro default__currents_table(event_type) -%}
    {{- return(event_type | lower | replace('.', '_')) -}}
{%- endmacro %}

{% macro snowflake__currents_table(event_type) -%}
    {{- return('currents_events') -}}
{%- endmacro %}


{# Of these types the ones that were loaded. Never empty: one that was not stands for all,
   so that a union of them always has its columns. #}
{% macro currents_loaded(event_types) -%}
    {%- set loaded = [] -%}
    {%- for event_type in event_types -%}
        {%- if braze_bridge.currents_relation(event_type) -%}
            {%- do loaded.append(event_type) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(loaded or [event_types | first]) -}}
{%- endmacro %}
