{# movable_ink_property_problem for Snowflake. #}
{% macro default__movable_ink_property_problem() -%}
    {%- set meta = "get(try_parse_json(_properties), 'meta')" -%}
    case event
        when 'identify' then null
        {%- for event, members in braze_bridge.movable_ink_contracts().items() %}
        when '{{ event }}' then coalesce(
            {%- for member, kind in members.items() %}
            {{ braze_bridge.snowflake__member_problem(event, member, kind) }},
            {%- endfor %}
            null
        )
        {%- endfor %}
    end,
    case
        when event <> 'identify' and typeof({{ meta }}) <> 'OBJECT'
            then 'properties: meta is not an object'
    end,
    case when event <> 'identify' then {{ braze_bridge.snowflake__problem('_properties') }} end
{%- endmacro %}


{# What is wrong with one member of an event's properties. #}
{% macro snowflake__member_problem(event, member, kind) -%}
    {%- set is_optional = kind.endswith('?') -%}
    {%- set kind = kind | replace('?', '') -%}
    {%- set words = braze_bridge.movable_ink_kind_in_words(kind) -%}
    case
        when get(try_parse_json(_properties), '{{ member }}') is null
            then {{ 'null' if is_optional else "'" ~ event ~ ' needs ' ~ member ~ ', ' ~ words ~ "'" }}
        when not {{ braze_bridge.snowflake__is_of_kind(member, kind) }}
            then '{{ event }}: {{ member }} is not {{ words }}'
    end
{%- endmacro %}


{# Whether a member that is there is of its kind. #}
{% macro snowflake__is_of_kind(member, kind) -%}
    {%- if kind == 'categories' -%}
        {{ braze_bridge.are_items_of_kinds('_properties', member, {'id': 'text', 'url': 'url'}) }}
    {%- elif kind == 'products' -%}
        (
                {{ braze_bridge.are_json_of_kinds('_properties', {member: 'list'}) }}
                and {{ braze_bridge.are_items_of_kinds(
                    '_properties', member, {'id': 'text', 'price': 'number', 'quantity': 'quantity'}
                ) }}
            )
    {%- else -%}
        {{ braze_bridge.are_json_of_kinds('_properties', {member: kind}) }}
    {%- endif -%}
{%- endmacro %}
