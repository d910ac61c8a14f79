{#
    Every character that looks like nothing at the edge of a typed text: blank, tab,
    line ends, the non-breaking blank of web forms, zero-width blank, byte order mark.
#}
{% macro blank_characters() -%}
    {{ return(adapter.dispatch('blank_characters', 'braze_bridge')()) }}
{%- endmacro %}

{% macro default__blank_characters() -%}
    ' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8203) || chr(65279)
{%- endmacro %}
