{# Properties as JSON text without what is null: members, members of an array's objects and
   items of an array. '{}' for none, null for what is no object. #}
{% macro properties_json(column) -%}
    {{- adapter.dispatch('properties_json', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__properties_json(column) -%}
    {%- set value = 'to_variant(' ~ column ~ ')' -%}
    case coalesce(typeof({{ value }}), 'NULL_VALUE')
        when 'NULL_VALUE' then '{}'
        when 'OBJECT' then {{ braze_bridge.snowflake__members_without_nulls('to_json(' ~ value ~ ')') }}
    end
{%- endmacro %}

{# As snowflake__without_nulls, with each member of the object as a value of its own: null
   items of an array go where the array is a member. Folded: what holds no null, then
   objects without an array; what is left inside an object or array lies too deep. #}
{% macro snowflake__members_without_nulls(json) -%}
    {%- set string = braze_bridge.snowflake__string_pattern() -%}
    {%- set bare = "substr(regexp_replace(" ~ json ~ ", '" ~ string ~ "', '0'), 2)" -%}
    case
        when
            not contains({{ json }}, 'null')
            or regexp_instr(
                {% for depth in range(6) %}regexp_replace({% endfor -%}
                {% for depth in range(6) %}regexp_replace({% endfor -%}
                {{ bare }}
                {%- for depth in range(6) %}, '[[][^][n]*[]]', '0'){% endfor %}
                {%- for depth in range(6) %}, '[{][^][{}]*[}]', '0'){% endfor %},
                '[{]|[[][^]]*[[]'
            ) > 0
            then {{ json }}
        else {{ braze_bridge.snowflake__nulls_taken_out(json) }}
    end
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
