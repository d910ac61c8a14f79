{#
    One value as the JSON text that travels, or null. `column` may be a star
    expression, which DuckDB expands column by column; the types are known before the
    first row is read, so a column pays for its own branch only.

    Timestamps leave as ISO 8601 in UTC, 32-bit floats by their shortest decimal
    form, and nested values without null members and items: Braze drops the whole update
    of an attribute that holds one. problem.sql finds those that stand deeper.
#}
{% macro duckdb__attribute_json(column) -%}
    nullif(cast(case
        when typeof({{ column }}) in ('TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_MS', 'TIMESTAMP_S')
            then {{ braze_bridge.duckdb__time_json('try_cast(' ~ column ~ ' as timestamp)') }}
        when typeof({{ column }}) = 'TIMESTAMP WITH TIME ZONE'
            then {{ braze_bridge.duckdb__time_json(
                "timezone('UTC', try_cast(" ~ column ~ " as timestamptz))"
            ) }}
        when typeof({{ column }}) = 'DATE'
            then {{ braze_bridge.duckdb__finite_json(column, 'date') }}
        when typeof({{ column }}) = 'FLOAT'
            then to_json(try_cast(cast({{ column }} as varchar) as double))
        when
            typeof({{ column }}) = 'JSON'
            or contains(typeof({{ column }}), '(')
            or contains(typeof({{ column }}), '[')
            then {{ braze_bridge.duckdb__timed_json(column) }}
        else to_json({{ column }})
    end as varchar), 'null')
{%- endmacro %}


{# An infinite time has no form either: it is made the same problem as an infinite number. #}
{% macro duckdb__time_json(moment) -%}
    case
        when isfinite({{ moment }})
            then to_json(strftime({{ moment }}, '%Y-%m-%dT%H:%M:%S.%gZ'))
        when {{ moment }} is not null then to_json(cast('nan' as double))
    end
{%- endmacro %}


{% macro duckdb__finite_json(column, type) -%}
    case
        when isfinite(try_cast({{ column }} as {{ type }})) then to_json({{ column }})
        when {{ column }} is not null then to_json(cast('nan' as double))
    end
{%- endmacro %}


{# A nested value; with dates or times inside, its member or item "infinity" is one. #}
{% macro duckdb__timed_json(column) -%}
    case
        when
            regexp_matches(typeof({{ column }}), '\b(DATE|TIMESTAMP)')
            and regexp_matches(
                cast(to_json({{ column }}) as varchar), '[\[:,]"-?infinity"[\],}]'
            )
            then to_json(cast('nan' as double))
        else {{ braze_bridge.duckdb__nested_json('to_json(' ~ column ~ ')') }}
    end
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
