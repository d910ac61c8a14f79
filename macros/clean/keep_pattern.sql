{#
    The text where all of it matches the regular expression, else null.
    No backslashes in the pattern: Snowflake would want them doubled.
#}
{% macro keep_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('keep_pattern', 'braze_bridge')(text, pattern)) }}
{%- endmacro %}

{% macro default__keep_pattern(text, pattern) -%}
    regexp_substr({{ text }}, '^({{ pattern | replace("'", "''") }})$')
{%- endmacro %}

{% macro duckdb__keep_pattern(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '^({{ pattern | replace("'", "''") }})$'), '')
{%- endmacro %}
