{# What identifies a row at the destination, as text. An alias is two columns: its key
   is the object that Braze wants, so that the identifier can be made from the key. #}
{% macro row_key(key_columns) -%}
    {{- adapter.dispatch('row_key', 'braze_bridge')(key_columns) -}}
{%- endmacro %}

{% macro default__row_key(key_columns) -%}
    {%- if key_columns | length == 1 -%}
        cast({{ key_columns[0] }} as varchar)
    {%- else -%}
        case
            when alias_name is not null and alias_label is not null
            then
                '{"alias_name":' || {{ braze_bridge.json_text('alias_name') }}
                || ',"alias_label":' || {{ braze_bridge.json_text('alias_label') }} || '}'
        end
    {%- endif -%}
{%- endmacro %}


{# The first member of the payload: whose profile this is. #}
{% macro identifier(key_columns, mode) -%}
    {%- set flag = ',"_update_existing_only":' ~ ('true' if mode == 'update' else 'false') -%}
    {%- if key_columns | length == 1 -%}
        '"{{ key_columns[0] }}":' || {{ braze_bridge.json_text('_row_key') }}
        {%- if mode == 'update' %} || '{{ flag }}'{% endif -%}
    {%- else -%}
        {# Braze updates aliases only, unless told otherwise (braze-api 2.1). #}
        '"user_alias":' || _row_key || '{{ flag }}'
    {%- endif -%}
{%- endmacro %}


{# The first member of row_json: the key as the mart has it. #}
{% macro row_json_key(key_columns) -%}
    {%- if key_columns | length == 1 -%}
        '"{{ key_columns[0] }}":' || {{ braze_bridge.json_text('_row_key') }}
    {%- else -%}
        '"user_alias":' || _row_key
    {%- endif -%}
{%- endmacro %}


{# A varchar as JSON text, quoted and escaped. #}
{% macro json_text(column) -%}
    {{- adapter.dispatch('json_text', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__json_text(column) -%}
    cast(to_json(cast({{ column }} as varchar)) as varchar)
{%- endmacro %}

{% macro snowflake__json_text(column) -%}
    to_json(to_variant(cast({{ column }} as varchar)))
{%- endmacro %}
