{# Whether a number can be written in JSON: neither NaN nor an infinity. #}
{% macro is_finite(number) -%}
    {{ return(adapter.dispatch('is_finite', 'braze_bridge')(number)) }}
{%- endmacro %}

{% macro default__is_finite(number) -%}
    (
        cast({{ number }} as double) not in (
            cast('NaN' as double), cast('inf' as double), cast('-inf' as double)
        )
    )
{%- endmacro %}

{% macro duckdb__is_finite(number) -%}
    isfinite(cast({{ number }} as double))
{%- endmacro %}
