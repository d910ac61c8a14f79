{# How many bytes a text takes in UTF-8. #}
{% macro byte_length(text) -%}
    {{ return(adapter.dispatch('byte_length', 'braze_bridge')(text)) }}
{%- endmacro %}

{% macro default__byte_length(text) -%}
    octet_length({{ text }})
{%- endmacro %}

{% macro duckdb__byte_length(text) -%}
    octet_length(encode({{ text }}))
{%- endmacro %}
