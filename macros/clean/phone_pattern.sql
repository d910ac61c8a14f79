{# E.164: a plus, no leading zero, 15 digits at most; North America has exactly 11. #}
{% macro phone_pattern() -%}
    {{ return("[+](1[2-9][0-9]{9}|[2-9][0-9]{6,14})") }}
{%- endmacro %}
