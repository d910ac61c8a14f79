{# pending_rows for DuckDB. The row hash is a first look over every row; only rows that
   fail it are turned into JSON, and only known rows are compared value by value.

   No list of columns is read from anywhere: a star expression turns every column of
   the mart into an attribute, so that a new column is a new attribute and nothing else.
   `(not) materialized` and `in` are there for memory: they keep the ledger's row_json
   out of every hash table. docs/performance.md has the figures. #}
{% macro duckdb__pending_rows(
    mart, key_columns, on_removed, on_null, sync, mode, options, changed_since
) -%}
with sent_rows as not materialized (

    {{ braze_bridge.sent_versions(sync, braze_bridge.sent_columns(options, changed_since)) }}

),

given_up_rows as (

    select (row_key, row_hash) as version
    from {{ ref('ledger_rejected_rows') }}
    where sync = '{{ sync }}' and {{ braze_bridge.is_given_up() }}

),

suppressed_users as (

    select user_hash from {{ ref('ledger_suppressed_users') }}

),

mart_keys as not materialized (

    select {{ braze_bridge.row_key(key_columns) }} as row_key from {{ mart }}

),

{% if changed_since -%}
{{ braze_bridge.settled_ctes(mart, key_columns, changed_since, sync) }}

{% endif -%}
{# The hash is over names, types, values and which of them are null: over the values
   alone, two columns that change places or an empty list that becomes null go unseen. #}
hashed_rows as not materialized (

    select
        columns(lambda name: not starts_with(name, '_null_')),
        {{ braze_bridge.row_key(key_columns) }} as _row_key,
        hash(typeof(_mart_row), *columns(*)) as _row_hash
    from (
        select
            *,
            columns(*) is null as "_null_\0"
        from {{ braze_bridge.duckdb__unsettled_rows(mart, key_columns, changed_since) }}
    ) as _mart_row

),

differing_rows as materialized (

    select
        hashed_rows.* exclude (_row_hash),
        cast(hashed_rows._row_hash as varchar) as _row_hash,
        sent_rows.row_key is not null as _is_known,
        {# A full resync empties the hashes: every value is sent again. #}
        coalesce(sent_rows.row_hash = '', false) as _is_resync
    from hashed_rows
    left join sent_rows on hashed_rows._row_key = sent_rows.row_key
    where hashed_rows._row_hash is distinct from try_cast(sent_rows.row_hash as ubigint)

),

offered_rows as (

    select *
    from differing_rows
    where
        (_row_key, _row_hash) not in (select version from given_up_rows)
        {%- if options.min_interval %}
        and (_row_key, '{{ braze_bridge.held_mark() }}' || _row_hash)
        not in (select version from given_up_rows)
        {%- endif %}
        and {{ braze_bridge.is_not_suppressed(key_columns, '_row_key') }}

),

{{ braze_bridge.duckdb__added_rows(key_columns, mode, options) }},

{{ braze_bridge.duckdb__changed_rows(key_columns, on_null, mode, options) }},

{% if on_removed != 'ignore' -%}
{{ braze_bridge.duckdb__removed_rows(key_columns, on_removed, options) }},

{% endif -%}
pending as (

    select * from added_rows
    union all
    select * from changed_rows
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
    cast(coalesce(data_points, 0) as integer) as data_points,
    key_count,
    {{ braze_bridge.duckdb__problem('told') }} as problem
    {%- if options.min_interval %},
    sent_times
    {%- endif %}
from pending
{%- endmacro %}


{# Every column of the mart but the key. #}
{% macro duckdb__attribute_columns(key_columns) -%}
    columns(* exclude ({{ key_columns | join(', ') }}, _row_key, _row_hash, _is_known, _is_resync))
{%- endmacro %}


{# Entries (name, text, ...) as the inside of a JSON object. #}
{% macro duckdb__members(entries) -%}
    array_to_string(list_transform(
        {{ entries }},
        lambda entry: cast(to_json(entry[1]) as varchar) || ':' || entry[2]
    ), ',')
{%- endmacro %}
