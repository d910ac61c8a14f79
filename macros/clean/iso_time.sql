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


{# The way back; null for a text that is none. #}
{% macro read_iso_time(text) -%}
    {{ return(adapter.dispatch('read_iso_time', 'braze_bridge')(text)) }}
{%- endmacro %}

{% macro default__read_iso_time(text) -%}
    try_to_timestamp_ntz({{ text }}, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"')
{%- endmacro %}

{% macro duckdb__read_iso_time(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}


{# A date as text: 2026-10-31, whatever a session's format. #}
{% macro iso_date(date) -%}
    {{ return(adapter.dispatch('iso_date', 'braze_bridge')(date)) }}
{%- endmacro %}

{% macro default__iso_date(date) -%}
    to_char({{ date }}, 'YYYY-MM-DD')
{%- endmacro %}

{% macro duckdb__iso_date(date) -%}
    cast({{ date }} as varchar)
{%- endmacro %}
