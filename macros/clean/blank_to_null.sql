{#
    Trimmed text, or null where somebody typed "nothing": '', N/A, -, null ...
    NA and unknown are kept: NA is Namibia, and a name may be either.
#}
{% macro blank_to_null(text) -%}
    {{ return(adapter.dispatch('blank_to_null', 'braze_bridge')(text)) }}
{%- endmacro %}

{% macro default__blank_to_null(text) -%}
    {%- set trimmed = "trim(" ~ text ~ ", " ~ braze_bridge.blank_characters() ~ ")" -%}
    case
        when lower({{ trimmed }}) in (
            '', '-', '--', '.', '?', 'n/a', '#n/a', 'n.a.', 'null', 'none', 'undefined'
        )
            then null
        else {{ trimmed }}
    end
{%- endmacro %}
