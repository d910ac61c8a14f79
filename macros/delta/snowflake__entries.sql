{#
    A row for each value of each offered row: `value`, the JSON text of what the mart says;
    `sent_value`, that of what Braze was told, null where it was told nothing; `is_sent`,
    whether it leaves. A null is the text null.
#}
{% macro snowflake__entries(attributes, on_null, options) -%}
texts as (

    select
        offered_rows._row_key,
        offered_rows._row_hash,
        offered_rows.is_known,
        offered_rows.is_resync,
        coalesce(key_counts.key_count, 1) as key_count
        {#- Unpivot wants one type, and a varchar of another length is another one. #}
        {%- for attribute in attributes %},
        cast(coalesce({{ braze_bridge.snowflake__attribute_json(
            'offered_rows.mart_' ~ loop.index, attribute.type, attribute.name
        ) }}, 'null') as varchar) as text_{{ loop.index }}
        {%- endfor %}
    from offered_rows
    left join key_counts on offered_rows._row_key = key_counts._row_key

),

named_entries as (

    select
        _row_key,
        _row_hash,
        is_known,
        is_resync,
        key_count,
        case place
            {%- for attribute in attributes %}
            when 'TEXT_{{ loop.index }}' then '{{ attribute.name | replace("'", "''") }}'
            {%- endfor %}
        end as name,
        {{ braze_bridge.snowflake__without_nulls('value') }} as value
    from texts unpivot (
        value for place in (
            {%- for attribute in attributes %}text_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor -%}
        )
    )

),

{# What was sent is joined here: before, each row's would be copied for each of its values. #}
known_entries as (

    select
        named_entries.*,
        {%- if options.min_interval %}
        sent_versions.sent_times,
        {%- endif %}
        {{ braze_bridge.snowflake__variant_json('get(sent_versions.sent_object, named_entries.name)') }}
            as sent_value
    from named_entries
    left join sent_versions on named_entries._row_key = sent_versions.row_key

),

{% if options.min_interval -%}
{{ braze_bridge.snowflake__held_entries(options.min_interval) }},

{% endif -%}
entries as (

    select
        *,
        case
            when is_resync
                then value <> 'null'
                {%- if on_null == 'unset' %} or coalesce(sent_value, 'null') <> 'null'{% endif %}
            else not {{ braze_bridge.snowflake__is_same_value('value', "coalesce(sent_value, 'null')") }}
                {%- if on_null == 'ignore' %} and value <> 'null'{% endif %}
        end as is_sent
    from {{ 'held_entries' if options.min_interval else 'known_entries' }}

)
{%- endmacro %}


{# Two texts may be one value: the spelling of numbers and the order of keys do not count. #}
{% macro snowflake__is_same_value(left, right) -%}
    (
        {{ left }} = {{ right }}
        or {{ braze_bridge.snowflake__is_same_number(left, right) }}
        or case
            when
                startswith({{ left }}, '{') and startswith({{ right }}, '{')
                or startswith({{ left }}, '[') and startswith({{ right }}, '[')
                then {{ braze_bridge.is_same_json(left, right) }}
            else false
        end
    )
{%- endmacro %}


{# A double alone would take neighbouring large integers for one, a decimal alone very small
   fractions: see duckdb__canonical_number. #}
{% macro snowflake__is_same_number(left, right) -%}
    coalesce(
        try_to_double({{ left }}) = try_to_double({{ right }})
        and try_to_decimal({{ left }}, 38, 9)
            is not distinct from try_to_decimal({{ right }}, 38, 9)
        and try_to_decimal({{ left }}, 38, 0)
            is not distinct from try_to_decimal({{ right }}, 38, 0),
        false
    )
{%- endmacro %}
