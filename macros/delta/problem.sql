{# Why this row must not leave, or null. NaN and Infinity are no JSON: a lenient reader
   would make them null, and null deletes. Text in quotes may say NaN. #}
{% macro duckdb__problem(members) -%}
    case
        when
            (contains({{ members }}, 'NaN') or contains({{ members }}, 'Infinity'))
            and regexp_matches(
                regexp_replace({{ members }}, '"(\\.|[^"\\])*"', '', 'g'), 'NaN|Infinity'
            )
            then 'a number is NaN or infinite'
    end
{%- endmacro %}
