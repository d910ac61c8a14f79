{# Properties as JSON text without what is null: members, members of an array's objects and
   items of an array. '{}' for none, null for what is no object. #}
{% macro properties_json(column) -%}
    {{- adapter.dispatch('properties_json', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__properties_json(column) -%}
    {{- braze_bridge.only_on_duckdb('properties_json') -}}
{%- endmacro %}

{# A null of no type stays without one in to_json, and no function of JSON takes it. #}
{% macro duckdb__properties_json(column) -%}
    {%- set json = 'coalesce(to_json(' ~ column ~ "), cast('null' as json))" -%}
    {%- set text = 'cast(' ~ json ~ ' as varchar)' -%}
    case
        when {{ text }} = 'null' then '{}'
        when json_type({{ json }}) <> 'OBJECT' then null
        when not contains({{ text }}, 'null') then {{ text }}
        else '{' || array_to_string(
            list_transform(
                list_filter(
                    list_zip(json_keys({{ json }}), json_extract({{ json }}, '$.*')),
                    lambda entry: json_type(entry[2]) <> 'NULL'
                ),
                lambda entry:
                    cast(to_json(entry[1]) as varchar) || ':'
                    || cast({{ braze_bridge.duckdb__nested_json('entry[2]') }} as varchar)
            ), ','
        ) || '}'
    end
{%- endmacro %}
