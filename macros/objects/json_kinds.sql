{# Whether a member of a JSON object is there and of a kind: text, currency, number,
   quantity or list. #}
{% macro is_json_of_kind(json, member, kind) -%}
    {{- adapter.dispatch('is_json_of_kind', 'braze_bridge')(json, member, kind) -}}
{%- endmacro %}

{% macro duckdb__is_json_of_kind(json, member, kind) -%}
    {%- set path = "'$." ~ member ~ "'" -%}
    {%- set type = 'json_type(' ~ json ~ ', ' ~ path ~ ')' -%}
    {%- set text = 'json_extract_string(' ~ json ~ ', ' ~ path ~ ')' -%}
    coalesce(
        {%- if kind == 'text' %}
        {{ type }} = 'VARCHAR' and {{ text }} <> ''
        {%- elif kind == 'currency' %}
        {{ type }} = 'VARCHAR' and regexp_full_match({{ text }}, '[A-Z]{3}')
        {%- elif kind == 'number' %}
        {{ type }} in ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')
        {%- elif kind == 'quantity' %}
        {{ type }} = 'UBIGINT' and {{ text }} <> '0'
        {%- elif kind == 'list' %}
        json_array_length({{ json }}, {{ path }}) > 0
        {%- endif %},
        false
    )
{%- endmacro %}


{# The same for every object of an array. #}
{% macro is_every_item_of_kind(json, array, member, kind) -%}
    {{- adapter.dispatch('is_every_item_of_kind', 'braze_bridge')(json, array, member, kind) -}}
{%- endmacro %}

{% macro duckdb__is_every_item_of_kind(json, array, member, kind) -%}
    (
        len(list_filter(
            json_extract({{ json }}, '$.{{ array }}[*]'),
            lambda item: not {{ braze_bridge.duckdb__is_json_of_kind('item', member, kind) }}
        )) = 0
    )
{%- endmacro %}
