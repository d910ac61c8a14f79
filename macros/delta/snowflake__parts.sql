{#
    What may leave in the place of a whole value: see duckdb__parts.sql. `parts` has a row for
    each value that can leave as less: text, data_points, is_same (nothing differs after
    all), is_merged (right only beside `"_merge_objects": true`).
#}
{% macro snowflake__parts(options) -%}
{%- set kinds = [] -%}
doubtful_entries as (

    select _row_key, _row_hash, name, value, sent_value
    from entries
    where
        is_sent
        and not is_resync
        {#- A side that cannot be read (NaN inside) is no empty one: the whole value leaves. #}
        and try_parse_json(value) is not null
        and try_parse_json(sent_value) is not null

),

{% if options.array_columns -%}
{%- do kinds.append('array_parts') -%}
{{ braze_bridge.snowflake__array_parts(options.array_columns) }},

{% endif -%}
{%- if options.merge_columns or options.keyed_arrays -%}
{{ braze_bridge.snowflake__object_pairs(options) }},

{{ braze_bridge.snowflake__object_changes() }},

{% endif -%}
{%- if options.merge_columns -%}
{%- do kinds.append('object_parts') -%}
{{ braze_bridge.snowflake__object_parts() }},

{% endif -%}
{%- if options.keyed_arrays -%}
{%- do kinds.append('keyed_parts') -%}
{{ braze_bridge.snowflake__keyed_parts() }},

{% endif -%}
parts as (

    {% for kind in kinds -%}
    select _row_key, _row_hash, name, text, data_points, is_same, is_merged from {{ kind }}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

)
{%- endmacro %}


{# Puts the parts in their places: all nested values of a payload leave as merges, or none. #}
{% macro snowflake__parted_entries() -%}
entries_with_parts as (

    select
        priced_entries.* exclude (is_sent),
        priced_entries.is_sent and not coalesce(parts.is_same, false) as is_sent,
        parts.text as part,
        parts.data_points as part_points,
        coalesce(parts.is_merged, false) as is_merging,
        {# An object, or an array of objects: also one that became empty. #}
        startswith(value, '{')
        or startswith(value, '[{')
        or (startswith(value, '[') and startswith(coalesce(sent_value, ''), '[{')) as is_nested
    from priced_entries
    left join parts
        on priced_entries._row_key = parts._row_key
        and priced_entries._row_hash = parts._row_hash
        and priced_entries.name = parts.name

),

merged_rows as (

    select _row_key, _row_hash
    from entries_with_parts
    where is_sent
    group by _row_key, _row_hash
    having
        not boolor_agg(is_nested and not is_merging)
        and boolor_agg(is_merging and octet_length(part) < octet_length(value))

),

parted_entries as (

    select
        entries_with_parts.* exclude (data_points),
        merged_rows._row_key is not null as is_merged,
        part is not null and (is_merged or not is_merging) as is_part,
        iff(is_part, part, value) as text,
        iff(is_part, part_points, entries_with_parts.data_points) as data_points
    from entries_with_parts
    left join merged_rows
        on entries_with_parts._row_key = merged_rows._row_key
        and entries_with_parts._row_hash = merged_rows._row_hash

)
{%- endmacro %}


{# One text for one plain value, whatever the spelling of a number. #}
{% macro snowflake__identity(text) -%}
    coalesce(
        'number ' || to_varchar(try_to_double({{ text }}), 'TME')
        || coalesce(' ' || to_varchar(try_to_decimal({{ text }}, 38, 9)), '')
        || coalesce(' ' || to_varchar(try_to_decimal({{ text }}, 38, 0)), ''),
        {{ text }}
    )
{%- endmacro %}
