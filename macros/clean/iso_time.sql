{# A UTC timestamp as the text Braze reads as a time: 2026-10-31T09:30:00.000Z. #}
{% macro iso_time(timestamp) -%}
    {{ return(adapter.dispatch('iso_time', 'braze_bridge')(timestamp)) }}
{%- endmacro %}

{% macro default__iso_time(timestamp) -%}
    to_char({{ timestamp }}, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"')
{%- endmacro %}

{% macro duckdb__iso_time(timestamp) -%}
    strftime({{ timestamp }}, '%Y-%m-%dT%H:%M:%S.%gZ')
{%- endmacro %}
