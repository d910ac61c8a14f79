{# Why a row must not leave, or null. `told` holds the values that would be sent, without
   those that are null. NaN and Infinity are no JSON: a lenient reader would make them
   null, and null deletes. For a null inside a value Braze drops the attribute without a
   word. Text in quotes may say what it likes. #}
{% macro duckdb__problem(told) -%}
    {%- set bare -%}
        regexp_replace({{ told }}, '"(\\.|[^"\\])*"', '', 'g')
    {%- endset -%}
    case
        when
            regexp_matches({{ told }}, '(?i)nan|inf|e[+]?[0-9]{3}')
            and regexp_matches({{ bare }}, '(?i)nan|inf|e[+]?(30[9]|3[1-9][0-9]|[4-9][0-9]{2}|[0-9]{4})')
            then 'a number is NaN or infinite'
        when contains({{ told }}, 'null') and contains({{ bare }}, 'null')
            then 'a null stands deep inside an attribute'
    end
{%- endmacro %}

{# The same of one value, in JSON text. #}
{% macro snowflake__problem(text) -%}
    {%- set bare -%}
        regexp_replace({{ text }}, '{{ braze_bridge.snowflake__string_pattern() }}', '')
    {%- endset -%}
    case
        when
            regexp_instr(
                {{ bare }}, 'nan|inf|e[+]?(30[9]|3[1-9][0-9]|[4-9][0-9]{2}|[0-9]{4})', 1, 1, 0, 'i'
            ) > 0
            then 'a number is NaN or infinite'
        when {{ text }} <> 'null' and contains({{ bare }}, 'null')
            then 'a null stands deep inside an attribute'
    end
{%- endmacro %}
