{# object_of as JSON: objects of several shapes, such as events' properties, then fit into
   one column. #}
{% macro json_of(fields) -%}
    {{ return(adapter.dispatch('json_of', 'braze_bridge')(fields)) }}
{%- endmacro %}

{% macro default__json_of(fields) -%}
    {{ braze_bridge.object_of(fields) }}
{%- endmacro %}

{% macro duckdb__json_of(fields) -%}
    to_json({{ braze_bridge.object_of(fields) }})
{%- endmacro %}
