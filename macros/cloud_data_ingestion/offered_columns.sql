{#
    Pending rows in the words of Braze's tables: who stands in columns of its own, and not in
    the payload. The columns are made under the prefix offered_, since pending rows have a
    payload themselves.
#}
{% macro offered_columns(object, user) -%}
    {%- if object == 'catalog' -%}
        {{- braze_bridge.json_member('payload', 'id') }} as offered_id,
        case
            when change = 'removed' then '{}'
            else {{ braze_bridge.without_member('id', braze_bridge.json_text(
                braze_bridge.json_member('payload', 'id')
            )) }}
        end as offered_payload,
        change = 'removed' as offered_deleted
    {%- elif object == 'deletions' -%}
        {{- braze_bridge.deleted_user_columns(user) -}}
    {%- elif user == 'user_alias' -%}
        {%- set alias = braze_bridge.json_member('payload', 'user_alias') -%}
        {{- braze_bridge.json_member(alias, 'alias_name') }} as offered_alias_name,
        {{ braze_bridge.json_member(alias, 'alias_label') }} as offered_alias_label,
        {{ braze_bridge.without_member(
            'user_alias',
            "'{\"alias_name\":' || "
            ~ braze_bridge.json_text(braze_bridge.json_member(alias, 'alias_name'))
            ~ " || ',\"alias_label\":' || "
            ~ braze_bridge.json_text(braze_bridge.json_member(alias, 'alias_label'))
            ~ " || '}'"
        ) }} as offered_payload
    {%- else -%}
        {%- set identifier = braze_bridge.json_member('payload', user) -%}
        {{- identifier }} as offered_{{ user }},
        {{ braze_bridge.without_member(user, braze_bridge.json_text(identifier)) }}
            as offered_payload
    {%- endif -%}
{%- endmacro %}


{% macro offered_column_names(object, user) -%}
    {%- if object == 'catalog' -%}
        {{- return(['id', 'payload', 'deleted']) -}}
    {%- endif -%}
    {%- set users = ['alias_name', 'alias_label'] if user == 'user_alias' else [user] -%}
    {{- return(users + ([] if object == 'deletions' else ['payload'])) -}}
{%- endmacro %}


{# The payload without its first member, whose value reads `text`. Cut from the text, not
   parsed and written again: numbers keep their digits, and nulls stay. #}
{% macro without_member(name, text) -%}
    '{' || regexp_replace(substr(payload, length('{"{{ name }}":' || {{ text }}) + 1), '^,', '')
{%- endmacro %}


{# The payload of a deletion is a plain id, as JSON text, or an alias. #}
{% macro deleted_user_columns(user) -%}
    {%- if user == 'user_alias' -%}
        {{- braze_bridge.json_member('payload', 'alias_name') }} as offered_alias_name,
        {{ braze_bridge.json_member('payload', 'alias_label') }} as offered_alias_label
    {%- else -%}
        {%- set wrapped = "'{\"id\":' || payload || '}'" -%}
        {{- braze_bridge.json_member(wrapped, 'id') }} as offered_{{ user }}
    {%- endif -%}
{%- endmacro %}


{# As suppressed users are known, so that their rows can be left out and erased. #}
{% macro offered_user_hash(object, user) -%}
    {%- if object == 'catalog' -%}
        cast(null as varchar)
    {%- elif object == 'attributes' -%}
        {%- set key_columns = ['alias_name', 'alias_label'] if user == 'user_alias' else [user] -%}
        {{- braze_bridge.user_hash(braze_bridge.row_user_key(key_columns, 'row_key')) -}}
    {%- else -%}
        {{- braze_bridge.user_hash('user_key') -}}
    {%- endif -%}
{%- endmacro %}


{# Why Braze must not read the row, or null. #}
{% macro offered_problem(object) -%}
    case
        when problem is not null then problem
        when row_key is null then 'the key is missing'
        {#- key_count knows the mart's rows, but not of a key that is new. #}
        when greatest(key_count, count(*) over (partition by row_key)) > 1
            then 'the key stands more than once in the mart'
        {%- if object != 'deletions' %}
        when {{ braze_bridge.byte_length('payload') }} > 1000000
            then 'the payload has more than 1 MB'
        {%- endif %}
    end
{%- endmacro %}
