{# A user as the list of suppressed users knows them: the list outlives the person's
   data, so it holds no identifier. `user_key` is a text such as 'external_id:c1'. #}
{% macro user_hash(user_key) -%}
    {{- adapter.dispatch('user_hash', 'braze_bridge')(user_key) -}}
{%- endmacro %}

{% macro default__user_hash(user_key) -%}
    sha256({{ user_key }})
{%- endmacro %}

{% macro snowflake__user_hash(user_key) -%}
    sha2({{ user_key }}, 256)
{%- endmacro %}


{# 'external_id:c1' and its like: whose profile a row writes, whatever identifies it. #}
{% macro user_key(user, column=none) -%}
    {%- if user == 'user_alias' -%}
        'user_alias:' || alias_label || ':' || alias_name
    {%- elif user == 'email' -%}
        'email:' || lower({{ column or user }})
    {%- else -%}
        '{{ user }}:' || {{ column or user }}
    {%- endif -%}
{%- endmacro %}


{# The first member of an object: whose it is. `user` is external_id, braze_id, email,
   phone or user_alias (the columns alias_name and alias_label). #}
{% macro user_member(user) -%}
    {%- if user == 'user_alias' -%}
        '"user_alias":{"alias_name":' || {{ braze_bridge.json_text('alias_name') }}
        || ',"alias_label":' || {{ braze_bridge.json_text('alias_label') }} || '}'
    {%- else -%}
        '"{{ user }}":' || {{ braze_bridge.json_text(user) }}
    {%- endif -%}
{%- endmacro %}
