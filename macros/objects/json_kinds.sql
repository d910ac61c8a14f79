{# Whether all of these members of a JSON object are there, each of its kind: text, currency,
   number, quantity or list. `kinds` maps member to kind. #}
{% macro are_json_of_kinds(json, kinds) -%}
    {{- adapter.dispatch('are_json_of_kinds', 'braze_bridge')(json, kinds) -}}
{%- endmacro %}

{% macro default__are_json_of_kinds(json, kinds) -%}
    {{- braze_bridge.snowflake__are_of_kinds('try_parse_json(' ~ json ~ ')', kinds) -}}
{%- endmacro %}

{# Of a variant. #}
{% macro snowflake__are_of_kinds(value, kinds) -%}
    (
        {%- for member, kind in kinds.items() %}
        {%- set found = "get(" ~ value ~ ", '" ~ member ~ "')" %}
        {%- set text = 'cast(' ~ found ~ ' as varchar)' %}
        {{ 'and ' if not loop.first }}coalesce(
            typeof({{ found }})
            {%- if kind == 'text' %} = 'VARCHAR' and {{ text }} <> ''
            {%- elif kind == 'currency' %} = 'VARCHAR'
            and regexp_instr({{ text }}, '^[A-Z]{3}$') > 0
            {%- elif kind == 'url' %} = 'VARCHAR'
            and regexp_instr({{ text }}, '^https?://[^[:space:]]+$') > 0
            {%- elif kind == 'quantity' %} = 'INTEGER'
            and regexp_instr({{ text }}, '^[1-9][0-9]*$') > 0
            {%- elif kind == 'list' %} = 'ARRAY' and contains(to_json({{ found }}), '{')
            {%- else %} in ('INTEGER', 'DECIMAL', 'DOUBLE')
            {%- endif %},
            false
        )
        {%- endfor %}
    )
{%- endmacro %}

{# One look for the types and one for the texts: each reads the whole JSON. #}
{% macro duckdb__are_json_of_kinds(json, kinds) -%}
    {%- set paths = "['$." ~ kinds.keys() | join("', '$.") ~ "']" -%}
    {%- set types = {
        'text': "'VARCHAR'",
        'currency': "'VARCHAR'",
        'number': "'UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE'",
        'quantity': "'UBIGINT'",
        'list': "'ARRAY'",
    } -%}
    {%- set patterns = {
        'text': '(?s).+', 'currency': '[A-Z]{3}', 'quantity': '[1-9][0-9]*',
        'list': '(?s).*[{].*',
    } -%}
    (
        len(list_filter(
            list_zip(
                json_type({{ json }}, {{ paths }}),
                json_extract_string({{ json }}, {{ paths }})
            ),
            lambda found, place: not coalesce(
                case place
                    {%- for kind in kinds.values() %}
                    when {{ loop.index }}
                        then found[1] in ({{ types[kind] }})
                        {%- if kind in patterns %}
                        and regexp_full_match(found[2], '{{ patterns[kind] }}')
                        {%- endif %}
                    {%- endfor %}
                end,
                false
            )
        )) = 0
    )
{%- endmacro %}


{# The same for every item of an array in the object. #}
{% macro are_items_of_kinds(json, array, kinds) -%}
    {{- adapter.dispatch('are_items_of_kinds', 'braze_bridge')(json, array, kinds) -}}
{%- endmacro %}

{% macro default__are_items_of_kinds(json, array, kinds) -%}
    coalesce(
        array_size(filter(
            as_array(get(try_parse_json({{ json }}), '{{ array }}')),
            item -> not {{ braze_bridge.snowflake__are_of_kinds('item', kinds) }}
        )) = 0,
        false
    )
{%- endmacro %}

{% macro duckdb__are_items_of_kinds(json, array, kinds) -%}
    coalesce(
        len(list_filter(
            json_extract({{ json }}, '$.{{ array }}[*]'),
            lambda item: not {{ braze_bridge.duckdb__are_json_of_kinds('item', kinds) }}
        )) = 0,
        false
    )
{%- endmacro %}
