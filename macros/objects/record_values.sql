{# What records are made of: name -> {column (as the mart's SQL names it), type}. The type is
   told on Snowflake alone; DuckDB's SQL asks for it. #}
{% macro record_fields(mart, names) -%}
    {{- return(adapter.dispatch('record_fields', 'braze_bridge')(mart, names)) -}}
{%- endmacro %}

{% macro default__record_fields(mart, names) -%}
    {%- set fields = {} -%}
    {%- for name in names -%}
        {%- do fields.update({name: {'column': braze_bridge.column_name(name)}}) -%}
    {%- endfor -%}
    {{- return(fields) -}}
{%- endmacro %}

{# However a name is folded; of a mart that is not built yet all are texts. #}
{% macro snowflake__record_fields(mart, names) -%}
    {%- set found = {} -%}
    {%- for column in braze_bridge.snowflake__columns(mart) -%}
        {%- do found.update({braze_bridge.attribute_name(column.name) | lower: {
            'column': adapter.quote(column.name), 'type': column.dtype | upper,
        }}) -%}
    {%- endfor -%}
    {%- set fields = {} -%}
    {%- for name in names -%}
        {%- do fields.update({name: found.get(
            name | lower, {'column': adapter.quote(name), 'type': 'VARCHAR'}
        )}) -%}
    {%- endfor -%}
    {{- return(fields) -}}
{%- endmacro %}


{# The key of a record as text. #}
{% macro record_key(fields, key) -%}
    {{- return(adapter.dispatch('record_key', 'braze_bridge')(
        braze_bridge.column_name(key), fields[key].type
    )) -}}
{%- endmacro %}

{% macro default__record_key(column, type) -%}
    {{- return('cast(' ~ column ~ ' as varchar)') -}}
{%- endmacro %}

{# Formats are named, for a session may have its own. #}
{% macro snowflake__record_key(column, type) -%}
    {%- if type == 'DATE' -%}
        {{- return('to_char(' ~ column ~ ", 'YYYY-MM-DD')") -}}
    {%- elif type.startswith('TIMESTAMP') -%}
        {{- return(
            "regexp_replace(to_char(" ~ column
            ~ ", 'YYYY-MM-DD HH24:MI:SS.FF6'), '[.]?0+$', '')"
        ) -}}
    {%- endif -%}
    {{- return('cast(' ~ column ~ ' as varchar)') -}}
{%- endmacro %}


{# One value as the JSON text that is put, null for none. Unlike in attributes, nothing is
   taken out of nested values: a template meets the null that the mart has. #}
{% macro record_json(column, type) -%}
    {{- adapter.dispatch('record_json', 'braze_bridge')(column, type) -}}
{%- endmacro %}

{% macro duckdb__record_json(column, type) -%}
    case
        when {{ braze_bridge.duckdb__holds_values(column) }}
            then cast(to_json({{ column }}) as varchar)
        else {{ braze_bridge.duckdb__attribute_json(column) }}
    end
{%- endmacro %}

{% macro duckdb__holds_values(column) -%}
    regexp_matches(typeof({{ column }}), '^(JSON$|STRUCT|MAP|UNION|VARIANT)|\]$')
{%- endmacro %}

{% macro snowflake__record_json(column, type) -%}
    {{- braze_bridge.snowflake__attribute_json(column, type) -}}
{%- endmacro %}


{# Where a number or time without end may stand in the text of a column, by its type. #}
{% macro endless_place(column, type) -%}
    {{- adapter.dispatch('endless_place', 'braze_bridge')(column, type) -}}
{%- endmacro %}

{% macro duckdb__endless_place(column, type) -%}
    case
        when {{ braze_bridge.duckdb__holds_values(column) }}
            then case
                when regexp_matches(typeof({{ column }}), '\b(DATE|TIMESTAMP)')
                    then 'inside, among times'
                else 'inside'
            end
        when regexp_matches(typeof({{ column }}), '^(FLOAT|DOUBLE|DATE|TIMESTAMP)')
            then 'alone'
    end
{%- endmacro %}

{# Snowflake's times have an end. #}
{% macro snowflake__endless_place(column, type) -%}
    {%- if modules.re.match('FLOAT|DOUBLE|REAL', type) -%}
        'alone'
    {%- elif modules.re.match('OBJECT|ARRAY|VARIANT|MAP', type) -%}
        'inside'
    {%- else -%}
        cast(null as varchar)
    {%- endif -%}
{%- endmacro %}


{# Whether such a number or time stands in a text of prepared_records(). #}
{% macro is_endless(place) -%}
    {{- adapter.dispatch('is_endless', 'braze_bridge')('_place_' ~ place, '_text_' ~ place) -}}
{%- endmacro %}

{% macro duckdb__is_endless(place, text) -%}
    case {{ place }}
        when 'alone' then regexp_matches({{ text }}, '^-?(NaN|Infinity|nan|inf)')
        when 'inside' then {{ braze_bridge.duckdb__has_endless_number(text) }}
        when 'inside, among times'
            then {{ braze_bridge.duckdb__has_endless_number(text) }}
            or regexp_matches({{ text }}, '[\[:,]"-?infinity"[\],}]')
    end
{%- endmacro %}

{% macro duckdb__has_endless_number(text) -%}
    coalesce({{ braze_bridge.duckdb__problem(text) }} = 'a number is NaN or infinite', false)
{%- endmacro %}

{% macro snowflake__is_endless(place, text) -%}
    case {{ place }}
        when 'alone' then regexp_instr({{ text }}, '^-?(nan|inf)', 1, 1, 0, 'i') > 0
        when 'inside' then {{ braze_bridge.snowflake__problem(text) }} = 'a number is NaN or infinite'
    end
{%- endmacro %}
