{# Rows that Braze has never been told of: every value that is not null. #}
{% macro duckdb__added_rows(key_columns, mode, options) -%}
{%- set values -%}
    columns(* exclude (_row_key, _row_hash))
{%- endset -%}
added_values as (

    select
        _row_key,
        _row_hash,
        {{ braze_bridge.duckdb__attribute_json(
            braze_bridge.duckdb__attribute_columns(key_columns)
        ) }}
    from offered_rows
    where not _is_known

),

added_members as (

    select
        _row_key,
        _row_hash,
        cast(to_json(alias({{ values }})) as varchar) || ':' || {{ values }} as "sent_\0",
        cast(to_json(alias({{ values }})) as varchar) || ':' || coalesce({{ values }}, 'null')
            as "kept_\0",
        {{ braze_bridge.duckdb__data_points('alias(' ~ values ~ ')', values) }} as "points_\0"
    from added_values

),

added_rows as (

    select
        _row_key as row_key,
        'added' as change,
        concat_ws(
            ',', {{ braze_bridge.identifier(key_columns, mode) }}, *columns('^sent_')
        ) as members,
        concat_ws(
            ',', {{ braze_bridge.row_json_key(key_columns) }}, *columns('^kept_')
        ) as kept_members,
        _row_hash as row_hash,
        list_sum(list_value(*columns('^points_'))) as data_points,
        1 as key_count,
        concat_ws(',', *columns('^sent_')) as told
        {%- if options.min_interval %},
        {{ braze_bridge.duckdb__sent_times(
            options.min_interval, "'{}'", braze_bridge.duckdb__added_names(options.min_interval)
        ) }} as sent_times
        {%- endif %}
    from added_members

)
{%- endmacro %}
