{#
    The JSON text of any value without null members and items: Braze drops the whole update
    of an attribute that holds one. A null inside an array that is itself inside stays, so
    that problem.sql finds it; none is taken out then.

    Strings are read as one piece, whatever they say: what is left is JSON's own. An array
    without a null is folded into a number, six deep, so that the arrays left have one.
#}
{% macro snowflake__without_nulls(json) -%}
    {%- set string = braze_bridge.snowflake__string_pattern() -%}
    {%- set bare = "regexp_replace(" ~ json ~ ", '" ~ string ~ "', '0')" -%}
    {%- set inside = "iff(startswith(" ~ json ~ ", '['), substr(" ~ bare ~ ", 2), " ~ bare ~ ")" -%}
    case
        when
            not contains({{ json }}, 'null')
            or not (startswith({{ json }}, '{') or startswith({{ json }}, '['))
            or contains({% for depth in range(6) %}regexp_replace({% endfor %}{{ inside }}
                {%- for depth in range(6) %}, '[[][^][n]*[]]', '0'){% endfor %}, '[')
            then {{ json }}
        else {{ braze_bridge.snowflake__nulls_taken_out(json) }}
    end
{%- endmacro %}


{# Without any null, wherever it stands. #}
{% macro snowflake__nulls_taken_out(json) -%}
    {%- set string = braze_bridge.snowflake__string_pattern() -%}
    regexp_replace(
        regexp_replace({{ json }}, '{{ string }}:null,?|null,?|({{ string }})', '\\2'),
        '({{ string }})|,([]}])',
        '\\1\\3'
    )
{%- endmacro %}


{# A JSON string, quotes and all, in a literal of Snowflake's; it has one group. #}
{% macro snowflake__string_pattern() -%}
    {{- return('"(\\\\\\\\.|[^"\\\\\\\\])*"') -}}
{%- endmacro %}
