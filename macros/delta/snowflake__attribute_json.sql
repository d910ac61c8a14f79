{#
    One value as the JSON text that travels, or null, by the type of its column. Formats are
    named, for a session may have its own.

    Of a float only an account can prove the digits: to_varchar must name enough of them to
    read the same number back.
#}
{% macro snowflake__attribute_json(column, type) -%}
    {%- if type == 'BOOLEAN' or type in ['NUMBER', 'DECIMAL', 'INT', 'INTEGER', 'BIGINT'] -%}
        to_varchar({{ column }})
    {%- elif type in ['FLOAT', 'DOUBLE', 'REAL'] -%}
        {{ braze_bridge.snowflake__float_json('to_varchar(' ~ column ~ ')') }}
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
    {%- else -%}
        {{ braze_bridge.json_text(column) }}
    {%- endif -%}
{%- endmacro %}


{# A float that happens to be whole stays one: 5.0. #}
{% macro snowflake__float_json(text) -%}
    {{ text }} || iff(regexp_like({{ text }}, '-?[0-9]+'), '.0', '')
{%- endmacro %}


{# A variant as JSON text. Of a double, to_json would write 16 digits only. #}
{% macro snowflake__variant_json(value) -%}
    iff(
        typeof({{ value }}) = 'DOUBLE',
        to_varchar(cast({{ value }} as float)),
        to_json({{ value }})
    )
{%- endmacro %}
