{#
    pending_rows for Snowflake, by the same steps as DuckDB's: a hash over every row, then
    JSON and a comparison value by value for the rows that fail it.

    Snowflake has no star that becomes an expression for each column, so the columns are
    read from the mart while this model is built: dbt has built the mart before. A type
    that is known says exactly how a value is written; a variant would lose the scale of a
    decimal and digits of a float.

    Where DuckDB has lists of values, this has one row for a value (`entries`): whatever
    an option does to a value, it does to its row.
#}
{% macro snowflake__pending_rows(
    mart, key_columns, on_removed, on_null, sync, mode, options, changed_since
) -%}
{%- set attributes = braze_bridge.snowflake__attributes(mart, key_columns + [changed_since]) -%}
{%- set has_parts = options.array_columns or options.merge_columns or options.keyed_arrays -%}
with sent_rows as (

    {{ braze_bridge.sent_versions(sync, braze_bridge.sent_columns(options, changed_since)) }}

),

given_up_rows as (

    select distinct
        row_key,
        {#- What was held back when it was refused is the same row. #}
        {% if options.min_interval -%}
        replace(row_hash, '{{ braze_bridge.held_mark() }}', '') as row_hash
        {%- else -%}
        row_hash
        {%- endif %}
    from {{ ref('ledger_rejected_rows') }}
    where sync = '{{ sync }}' and {{ braze_bridge.is_given_up() }}

),

suppressed_users as (

    select distinct user_hash from {{ ref('ledger_suppressed_users') }}

),

mart_keys as (

    select {{ braze_bridge.row_key(key_columns) }} as _row_key from {{ mart }}

),

{% if changed_since -%}
{{ braze_bridge.settled_ctes(mart, key_columns, changed_since, sync) }}

{% endif -%}
{# What is settled is not hashed. #}
mart_rows as (

    select
        {{ braze_bridge.row_key(key_columns) }} as _row_key,
        {{ braze_bridge.snowflake__row_hash(attributes) }} as _row_hash
        {%- for attribute in attributes %},
        {{ attribute.column }} as mart_{{ loop.index }}
        {%- endfor %}
    from {{ mart }}
    {%- if changed_since %}
    {#- By names that no mart has. #}
    left join (
        select row_key as _settled_key, changed_at as _settled_at from settled_rows
    ) as settled
        on {{ braze_bridge.row_key(key_columns) }} = _settled_key
        and cast({{ changed_since }} as datetime) = _settled_at
    where _settled_key is null
    {%- endif %}

),

{# One of two rows that are alike is enough to refuse both: key_count says that. #}
offered_rows as (

    select
        mart_rows.*,
        sent_rows.row_key is not null as is_known,
        coalesce(sent_rows.row_hash = '', false) as is_resync
    from mart_rows
    left join sent_rows on mart_rows._row_key = sent_rows.row_key
    left join given_up_rows
        on mart_rows._row_key = given_up_rows.row_key
        and mart_rows._row_hash = given_up_rows.row_hash
    left join suppressed_users
        on suppressed_users.user_hash = {{ braze_bridge.user_hash(
            braze_bridge.row_user_key(key_columns, 'mart_rows._row_key')
        ) }}
    where
        mart_rows._row_hash is distinct from sent_rows.row_hash
        and given_up_rows.row_key is null
        and suppressed_users.user_hash is null
    qualify
        row_number() over (
            partition by mart_rows._row_key, mart_rows._row_hash
            order by mart_rows._row_key
        ) = 1

),

{# Only these rows of the ledger are read with their JSON. #}
sent_versions as (

    select
        row_key,
        {%- if options.min_interval %}
        try_parse_json(sent_times) as sent_times,
        {%- endif %}
        try_parse_json(row_json) as sent_object
    from sent_rows
    where row_key in (select _row_key from offered_rows where is_known)

),

key_counts as (

    select _row_key, count(*) as key_count
    from mart_keys
    where _row_key in (select _row_key from offered_rows)
    group by _row_key
    having count(*) > 1

),

{{ braze_bridge.snowflake__entries(attributes, on_null, options) }},

{% if has_parts -%}
{{ braze_bridge.snowflake__parts(options) }},

{% endif -%}
{{ braze_bridge.snowflake__present_rows(key_columns, mode, on_null, options, has_parts) }},

{% if on_removed != 'ignore' -%}
{{ braze_bridge.snowflake__removed_rows(key_columns, on_removed, options) }},

{% endif -%}
pending as (

    select * from present_rows
    {%- if on_removed != 'ignore' %}
    union all
    select * from removed_rows
    {%- endif %}

)

select
    row_key,
    change,
    '{' || members || '}' as payload,
    '{' || kept_members || '}' as row_json,
    row_hash,
    data_points,
    key_count,
    problem
    {%- if options.min_interval %},
    sent_times
    {%- endif %}
from pending
{%- endmacro %}


{# What the mart says of everybody: {name, column, type} for every column but these. #}
{% macro snowflake__attributes(mart, others) -%}
    {%- set attributes = [] -%}
    {%- for column in braze_bridge.snowflake__columns(mart) -%}
        {%- set name = braze_bridge.attribute_name(column.name) -%}
        {%- if name in attributes | map(attribute='name') -%}
            {{- exceptions.raise_compiler_error(
                'pending_rows: ' ~ mart ~ ' has two columns that would be the attribute ' ~ name
            ) -}}
        {%- endif -%}
        {%- if name not in others -%}
            {%- do attributes.append({
                'name': name,
                'column': adapter.quote(column.name),
                'type': column.dtype | upper,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if execute and not attributes -%}
        {{- exceptions.raise_compiler_error(
            'pending_rows: ' ~ mart ~ ' has no columns to send: on Snowflake it must be a table'
            ~ ' or a view that is built before its pending rows'
        ) -}}
    {%- endif -%}
    {{- return(attributes) -}}
{%- endmacro %}


{# {name, dtype} of each column of a mart, or of a select in parentheses. A unit test puts a
   CTE in the place of the mart, with the columns of the mart. #}
{% macro snowflake__columns(mart) -%}
    {%- if not execute -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- if (mart ~ '').startswith('(') -%}
        {%- set words = {'FIXED': 'NUMBER', 'REAL': 'FLOAT', 'TEXT': 'VARCHAR'} -%}
        {%- set columns = [] -%}
        {%- for column in adapter.get_column_schema_from_query(
            'select * from ' ~ mart ~ ' limit 0'
        ) -%}
            {#- By the connector's words for types. -#}
            {%- do columns.append({
                'name': column.name, 'dtype': words.get(column.dtype, column.dtype),
            }) -%}
        {%- endfor -%}
        {{- return(columns) -}}
    {%- endif -%}
    {%- set name = (mart ~ '').replace('__dbt__cte__', '') -%}
    {%- set nodes = graph.nodes.values() | selectattr('name', 'equalto', name) | list -%}
    {%- if nodes and name != mart ~ '' -%}
        {%- set mart = api.Relation.create(
            database=nodes[0].database, schema=nodes[0].schema, identifier=nodes[0].alias
        ) -%}
    {%- endif -%}
    {{- return(adapter.get_columns_in_relation(mart)) -}}
{%- endmacro %}


{# As text, since it is a signed number here and another one on DuckDB. The names and types
   are in it, so that two columns cannot change places unseen. #}
{% macro snowflake__row_hash(attributes) -%}
    cast(hash(
        '{% for attribute in attributes %}{{ attribute.name | replace("'", "''") }} {{ attribute.type }},{% endfor %}'
        {%- for attribute in attributes %},
        {{ attribute.column }}
        {%- endfor %}
    ) as varchar)
{%- endmacro %}
