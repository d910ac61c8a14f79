{# The entries of a row put together again: its payload, and what the ledger keeps. #}
{% macro snowflake__present_rows(key_columns, mode, on_null, options, has_parts) -%}
item_points as (

    select
        entries._row_key,
        entries._row_hash,
        entries.name,
        sum(array_size(object_keys(item.value))) as data_points
    from entries, lateral flatten(input => try_parse_json(entries.value)) as item
    where
        entries.is_sent
        and startswith(entries.value, '[{')
        and typeof(item.value) = 'OBJECT'
    group by entries._row_key, entries._row_hash, entries.name

),

priced_entries as (

    select
        entries.*,
        case
            when entries.name in ({{ braze_bridge.names_without_data_points() }}) then 0
            when startswith(entries.value, '{')
                then greatest(1, array_size(object_keys(try_parse_json(entries.value))))
            else greatest(1, coalesce(item_points.data_points, 1))
        end as data_points
    from entries
    left join item_points
        on entries._row_key = item_points._row_key
        and entries._row_hash = item_points._row_hash
        and entries.name = item_points.name

),

{% if has_parts -%}
{{ braze_bridge.snowflake__parted_entries() }},

{% endif -%}
{%- set text = 'text' if has_parts else 'value' -%}
told_entries as (

    select
        *,
        {{ braze_bridge.json_text('name') }} || ':' as label,
        {#- With on_null 'ignore', what Braze still has. #}
        {% if on_null == 'ignore' -%}
        iff(value = 'null', coalesce(sent_value, 'null'), value) as kept_value,
        {%- else -%}
        value as kept_value,
        {%- endif %}
        {{ braze_bridge.snowflake__problem(text) }} as problem
    from {{ 'parted_entries' if has_parts else 'priced_entries' }}

),

present_rows as (

    select
        _row_key as row_key,
        iff(is_known, 'changed', 'added') as change,
        {{ braze_bridge.identifier(key_columns, mode) }}
        {%- if has_parts %}
        || iff(boolor_agg(is_merged), ',"_merge_objects":true', '')
        {%- endif %}
        || listagg(iff(is_sent, ',' || label || {{ text }}, ''), '')
            within group (order by name) as members,
        {{ braze_bridge.row_json_key(key_columns) }}
        || listagg(',' || label || kept_value, '') within group (order by name)
            as kept_members,
        {% if options.min_interval -%}
        iff(boolor_agg(is_held), '{{ braze_bridge.held_mark() }}', '') || _row_hash as row_hash,
        {%- else -%}
        _row_hash as row_hash,
        {%- endif %}
        cast(sum(iff(is_sent, data_points, 0)) as integer) as data_points,
        max(told_entries.key_count) as key_count,
        {#- Of the two problems the number comes first: by the alphabet it is the last. #}
        max(iff(is_sent, problem, null)) as problem
        {%- if options.min_interval %},
        {{ braze_bridge.snowflake__sent_times(options.min_interval, 'is_sent') }} as sent_times
        {%- endif %}
    from told_entries
    group by _row_key, _row_hash, is_known
    having not is_known or boolor_agg(is_sent) or max(told_entries.key_count) > 1

)
{%- endmacro %}
