{#
    One value as the JSON text that travels, or null, by the type of its column. Formats are
    named, for a session may have its own.
#}
{% macro snowflake__attribute_json(column, type, name=none) -%}
    {%- set numbers = ['NUMBER', 'DECIMAL', 'DECFLOAT', 'INT', 'INTEGER', 'BIGINT'] -%}
    {%- if type == 'BOOLEAN' or type in numbers -%}
        to_varchar({{ column }})
    {%- elif type in ['FLOAT', 'DOUBLE', 'REAL'] -%}
        {{ braze_bridge.snowflake__float_json(braze_bridge.snowflake__float_text(column)) }}
    {%- elif type == 'DATE' -%}
        '"' || to_char({{ column }}, 'YYYY-MM-DD') || '"'
    {%- elif type == 'TIME' -%}
        '"' || regexp_replace(to_char(
            timestamp_ntz_from_parts(cast('1970-01-01' as date), {{ column }}),
            'HH24:MI:SS.FF6'
        ), '[.]?0+$', '') || '"'
    {%- elif type == 'TIMESTAMP_NTZ' -%}
        '"' || to_char({{ column }}, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') || '"'
    {%- elif type.startswith('TIMESTAMP') -%}
        '"' || to_char(
            convert_timezone('UTC', {{ column }}), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"'
        ) || '"'
    {%- elif modules.re.match('(OBJECT|ARRAY|VARIANT|MAP)', type) -%}
        to_json({{ column }})
    {%- elif modules.re.match('(.*CHAR|TEXT|STRING|.*BINARY)', type) -%}
        {{ braze_bridge.json_text(column) }}
    {%- else -%}
        {{- exceptions.raise_compiler_error(
            (name or column) ~ ' is of the type ' ~ type ~ ', which JSON has not: cast it in the mart'
        ) -}}
    {%- endif -%}
{%- endmacro %}


{# A float that happens to be whole stays one: 5.0. #}
{% macro snowflake__float_json(text) -%}
    {{ text }} || iff(regexp_like({{ text }}, '-?[0-9]+'), '.0', '')
{%- endmacro %}


{# A float as text with all its digits: in Snowflake's own words where they read back as the
   same number, else with 17 digits and an exponent. Only an account can prove either. #}
{% macro snowflake__float_text(float) -%}
    iff(
        try_to_double(to_varchar({{ float }})) = {{ float }},
        to_varchar({{ float }}),
        to_varchar({{ float }}, 'TME')
    )
{%- endmacro %}


{# A variant as JSON text. Of a double, to_json would write 16 digits only. #}
{% macro snowflake__variant_json(value) -%}
    iff(
        typeof({{ value }}) = 'DOUBLE',
        {{ braze_bridge.snowflake__float_text('as_double(' ~ value ~ ')') }},
        to_json({{ value }})
    )
{%- endmacro %}
