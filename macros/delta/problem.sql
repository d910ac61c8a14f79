{# Why this row must not leave, or null. NaN and Infinity are no JSON: a lenient reader
   would make them null, and null deletes. For a null inside an array Braze drops the
   attribute without a word. Text in quotes may say what it likes. #}
{% macro duckdb__problem(members) -%}
    {%- set bare -%}
        regexp_replace({{ members }}, '"(\\.|[^"\\])*"', '', 'g')
    {%- endset -%}
    case
        when
            (contains({{ members }}, 'NaN') or contains({{ members }}, 'Infinity'))
            and regexp_matches({{ bare }}, 'NaN|Infinity')
            then 'a number is NaN or infinite'
        when
            contains({{ members }}, 'null')
            and regexp_matches({{ bare }}, '[\[,]null[,\]]|\{[^{}]*null[^{}]*\}')
            then 'an array or an object inside an attribute holds a null'
    end
{%- endmacro %}
