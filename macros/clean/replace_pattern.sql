{#
    The text with every match of the regular expression replaced.
    No backslashes in the pattern: Snowflake would want them doubled.
#}
{% macro replace_pattern(text, pattern, replacement) -%}
    {{ return(
        adapter.dispatch('replace_pattern', 'braze_bridge')(text, pattern, replacement)
    ) }}
{%- endmacro %}

{% macro default__replace_pattern(text, pattern, replacement) -%}
    regexp_replace(
        {{ text }}, '{{ pattern | replace("'", "''") }}', '{{ replacement }}'
    )
{%- endmacro %}

{% macro duckdb__replace_pattern(text, pattern, replacement) -%}
    regexp_replace(
        {{ text }}, '{{ pattern | replace("'", "''") }}', '{{ replacement }}', 'g'
    )
{%- endmacro %}
