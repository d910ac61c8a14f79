{# Arrays of plain values: what was added and what was removed. Braze holds each value
   once, and where in the array is no difference. #}
{% macro snowflake__array_parts(array_columns) -%}
array_entries as (

    select _row_key, _row_hash, name, value, sent_value
    from doubtful_entries
    where
        name in ('{{ array_columns | join("', '") }}')
        and startswith(value, '[')
        and startswith(sent_value, '[')

),

array_items as (

    select
        _row_key,
        _row_hash,
        name,
        true as is_wanted,
        item.index as place,
        {{ braze_bridge.snowflake__variant_json('item.value') }} as text
    from array_entries, lateral flatten(input => try_parse_json(array_entries.value)) as item
    union all
    select
        _row_key,
        _row_hash,
        name,
        false as is_wanted,
        item.index as place,
        {{ braze_bridge.snowflake__variant_json('item.value') }} as text
    from array_entries, lateral flatten(input => try_parse_json(array_entries.sent_value)) as item

),

array_values as (

    select
        _row_key,
        _row_hash,
        name,
        boolor_agg(is_wanted) as is_wanted,
        boolor_agg(not is_wanted) as is_told,
        min_by(text, place) as text,
        min(place) as place
    from array_items
    group by _row_key, _row_hash, name, {{ braze_bridge.snowflake__identity('array_items.text') }}

),

array_changes as (

    select
        _row_key,
        _row_hash,
        name,
        coalesce(
            listagg(iff(is_wanted and not is_told, text, null), ',')
                within group (order by place),
            ''
        ) as added,
        coalesce(
            listagg(iff(is_told and not is_wanted, text, null), ',')
                within group (order by place),
            ''
        ) as removed,
        count_if(is_wanted and not is_told) as count_added
    from array_values
    group by _row_key, _row_hash, name
    having not boolor_agg(startswith(text, '{') or startswith(text, '[') or text = 'null')

),

array_parts as (

    select
        _row_key,
        _row_hash,
        name,
        '{' || iff(added <> '', '"add":[' || added || ']', '')
        || iff(added <> '' and removed <> '', ',', '')
        || iff(removed <> '', '"remove":[' || removed || ']', '') || '}' as text,
        count_added + iff(removed <> '', 1, 0) as data_points,
        added = '' and removed = '' as is_same,
        false as is_merged
    from array_changes

)
{%- endmacro %}
