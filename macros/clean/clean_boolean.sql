{# True and false as people type them, null for anything else. #}
{% macro clean_boolean(answer) -%}
    {{ return(adapter.dispatch('clean_boolean', 'braze_bridge')(answer)) }}
{%- endmacro %}

{% macro default__clean_boolean(answer) -%}
    {%- set word = "lower(" ~ braze_bridge.blank_to_null(answer) ~ ")" -%}
    case
        when {{ word }} in ('true', 't', 'yes', 'y', '1', 'on', 'active') then true
        when {{ word }} in ('false', 'f', 'no', 'n', '0', 'off', 'inactive') then false
    end
{%- endmacro %}
