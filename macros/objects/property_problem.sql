{# What Braze would refuse, drop or misread in the properties of an event or a purchase, or
   null. `properties` is JSON text; `reserved` are names that Braze keeps for itself;
   `may_hold_objects` is a condition: only its e-commerce events know arrays of objects. #}
{% macro property_problem(properties, reserved, may_hold_objects='false') -%}
    {{- adapter.dispatch('property_problem', 'braze_bridge')(
        properties, reserved, may_hold_objects
    ) -}}
{%- endmacro %}

{% macro default__property_problem(properties, reserved, may_hold_objects) -%}
    {{- braze_bridge.only_on_duckdb('property_problem') -}}
{%- endmacro %}

{% macro duckdb__property_problem(properties, reserved, may_hold_objects) -%}
    (
        {# The least of several: the reason of a row must not waver. #}
        select 'properties: ' || min(
            case
                when property.path = '$' and property.key in ('{{ reserved | join("', '") }}')
                    then property.key || ' is a name that Braze keeps for itself'
                when property.key = '' then 'a name is empty'
                when length(property.key) > 255 then 'a name has more than 255 characters'
                when starts_with(property.key, '$') then property.key || ' begins with $'
                when property.type = 'NULL'
                    then substr(property.fullkey, 3) || ' is null inside an array'
                when
                    property.type = 'VARCHAR'
                    and length(property.atom) > 257
                    and length(json_extract_string(property.atom, '$')) > 255
                    then substr(property.fullkey, 3) || ' has more than 255 characters'
                when
                    property.type = 'VARCHAR'
                    and property.path <> '$'
                    and regexp_matches(property.atom, '{{ braze_bridge.time_text_pattern() }}')
                    then substr(property.fullkey, 3) || ' is a time inside an array or object'
                when
                    property.type = 'DOUBLE'
                    and not isfinite(cast(property.atom as double))
                    then substr(property.fullkey, 3) || ' is NaN or infinite'
                when
                    property.type = 'OBJECT'
                    and ends_with(property.fullkey, ']')
                    and not {{ may_hold_objects }}
                    then property.path[3:] || ' is an array of objects'
            end
        )
        from json_tree(
            case
                when {{ braze_bridge.duckdb__may_have_property_problem(properties, reserved) }}
                    or (
                        not {{ may_hold_objects }}
                        and regexp_matches({{ properties }}, '[\[,][[:space:]]*[{]')
                    )
                    then {{ properties }}
            end
        ) as property
    )
{%- endmacro %}


{# A first look, far cheaper than the tree: it lets no problem pass, and takes some texts
   for one that are none. #}
{% macro duckdb__may_have_property_problem(properties, reserved) -%}
    regexp_matches({{ properties }}, '
    {%- for sign in [
        '"(' ~ reserved | join('|') ~ ')"[[:space:]]*:',
        '""[[:space:]]*:',
        '"[$]',
        '[:,[][[:space:]]*-?(?i:null|nan|inf)',
        '[0-9][eE][+]?[0-9]{3}',
        '"[0-9]{1,4}[-/][0-9]{1,2}[-/]',
        '\\\\',
    ] -%}
        {{ sign }}{{ '|' if not loop.last }}
    {%- endfor %}')
    or (length({{ properties }}) > 255 and regexp_matches({{ properties }}, '[^"]{256}'))
{%- endmacro %}


{# A JSON text that Braze reads as a time: 2026-01-31, 2026-01-31 10:00, 1/31/2026. #}
{% macro time_text_pattern() -%}
    ^"([0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?|[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{4})"$
{%- endmacro %}
