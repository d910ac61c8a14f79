{# The first date we believe: 1900-01-01 is what systems write for "no date". #}
{% macro earliest_date() -%}
    {{ return("cast('1900-01-02' as date)") }}
{%- endmacro %}
