{# Whether a row's user may still be written to: the list of suppressed users says who
   may not. `is not true`, since a row without a key must reach the guard that names it. #}
{% macro is_not_suppressed(key_columns, row_key) -%}
    ({{ braze_bridge.user_hash(braze_bridge.row_user_key(key_columns, row_key)) }}
    in (select user_hash from suppressed_users)) is not true
{%- endmacro %}


{# Whose profile a row writes, told from its key: 'external_id:c1', or
   'user_alias:crm:c1' for an alias, whose key is an object. #}
{% macro row_user_key(key_columns, row_key) -%}
    {%- if key_columns | length == 1 -%}
        {{- braze_bridge.user_key(key_columns[0], row_key) -}}
    {%- else -%}
        'user_alias:' || {{ braze_bridge.json_member(row_key, 'alias_label') }}
        || ':' || {{ braze_bridge.json_member(row_key, 'alias_name') }}
    {%- endif -%}
{%- endmacro %}
