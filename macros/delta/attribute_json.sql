{#
    One value as the JSON text that travels, or null. `column` may be a star
    expression, which DuckDB expands column by column; the types are known before the
    first row is read, so a column pays for its own branch only.

    Timestamps leave as ISO 8601 in UTC, 32-bit floats by their shortest decimal
    form, and nested values without nulls inside: Braze drops the whole update of an
    attribute that holds one.
#}
{% macro duckdb__attribute_json(column) -%}
    nullif(cast(case
        when typeof({{ column }}) in ('TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_MS', 'TIMESTAMP_S')
            then to_json(strftime(try_cast({{ column }} as timestamp), '%Y-%m-%dT%H:%M:%S.%gZ'))
        when typeof({{ column }}) = 'TIMESTAMP WITH TIME ZONE'
            then to_json(strftime(
                timezone('UTC', try_cast({{ column }} as timestamptz)), '%Y-%m-%dT%H:%M:%S.%gZ'
            ))
        when typeof({{ column }}) = 'FLOAT'
            then to_json(try_cast(cast({{ column }} as varchar) as double))
        when
            typeof({{ column }}) = 'JSON'
            or contains(typeof({{ column }}), '(')
            or contains(typeof({{ column }}), '[')
            then {{ braze_bridge.duckdb__nested_json('to_json(' ~ column ~ ')') }}
        else to_json({{ column }})
    end as varchar), 'null')
{%- endmacro %}


{# Structs, maps, lists and JSON; decimals and enums pass through the else. #}
{% macro duckdb__nested_json(json) -%}
    case json_type({{ json }})
        when 'OBJECT' then json_merge_patch('{}', {{ json }})
        when 'ARRAY'
            then to_json(list_transform(
                list_filter(
                    json_extract({{ json }}, '$[*]'),
                    lambda element: json_type(element) <> 'NULL'
                ),
                lambda element: json_merge_patch('{}', element)
            ))
        else {{ json }}
    end
{%- endmacro %}
