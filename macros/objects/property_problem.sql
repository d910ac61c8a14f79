{# What Braze would refuse, drop or misread in the properties of an event or a purchase, or
   null. `properties` is JSON text; `reserved` are names that Braze keeps for itself;
   `may_hold_objects` is a condition: only its e-commerce events know arrays of objects.
   It stands over the rows of with_property_problem(), which are told the same. #}
{% macro property_problem(properties, reserved, may_hold_objects='false') -%}
    {{- adapter.dispatch('property_problem', 'braze_bridge')(
        properties, reserved, may_hold_objects
    ) -}}
{%- endmacro %}

{% macro default__property_problem(properties, reserved, may_hold_objects) -%}
    _property_problem
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


{# The select `rows` with what property_problem() needs beside it: Snowflake opens no JSON
   in a subquery that looks out. #}
{% macro with_property_problem(rows, properties, reserved, may_hold_objects='false') -%}
    {{- adapter.dispatch('with_property_problem', 'braze_bridge')(
        rows, properties, reserved, may_hold_objects
    ) -}}
{%- endmacro %}

{% macro duckdb__with_property_problem(rows, properties, reserved, may_hold_objects) -%}
    {{ rows }}
{%- endmacro %}

{# By their text, since several rows may have one key. #}
{% macro default__with_property_problem(rows, properties, reserved, may_hold_objects) -%}
    with plain_rows as (

        {{ rows }}

    ),

    suspect_texts as (

        select distinct
            {{ properties }} as text,
            {{ may_hold_objects }} as may_hold_objects
        from plain_rows
        where {{ braze_bridge.snowflake__may_have_property_problem(properties, reserved) }}

    ),

    text_problems as (

        select
            suspect_texts.text,
            suspect_texts.may_hold_objects,
            'properties: ' || coalesce(
                {{ braze_bridge.snowflake__number_problem('suspect_texts.text') }},
                min({{ braze_bridge.snowflake__property_rules('property', reserved) }})
            ) as _property_problem
        from suspect_texts,
            lateral flatten(
                input => try_parse_json(suspect_texts.text), recursive => true, outer => true
            ) as property
        group by suspect_texts.text, suspect_texts.may_hold_objects

    )

    select
        plain_rows.*,
        text_problems._property_problem
    from plain_rows
    left join text_problems
        on plain_rows.{{ properties }} = text_problems.text
        and ({{ may_hold_objects }}) = text_problems.may_hold_objects
{%- endmacro %}


{# What is wrong with one member or item that flatten came across. #}
{% macro snowflake__property_rules(property, reserved) -%}
    {%- set text = 'cast(' ~ property ~ '.value as varchar)' -%}
    {%- set type = 'typeof(' ~ property ~ '.value)' -%}
    case
        when
            {{ property }}.path = {{ property }}.key
            and {{ property }}.key in ('{{ reserved | join("', '") }}')
            then {{ property }}.key || ' is a name that Braze keeps for itself'
        when {{ property }}.key = '' then 'a name is empty'
        when length({{ property }}.key) > 255 then 'a name has more than 255 characters'
        when startswith({{ property }}.key, '$') then {{ property }}.key || ' begins with $'
        when {{ type }} = 'NULL_VALUE' and contains({{ property }}.path, '[')
            then {{ property }}.path || ' is null inside an array'
        when {{ type }} = 'VARCHAR' and length({{ text }}) > 255
            then {{ property }}.path || ' has more than 255 characters'
        when
            {{ type }} = 'VARCHAR'
            and coalesce({{ property }}.path <> {{ property }}.key, true)
            and {{ braze_bridge.keep_pattern(
                "'\"' || " ~ text ~ " || '\"'", braze_bridge.time_text_pattern()
            ) }} is not null
            then {{ property }}.path || ' is a time inside an array or object'
        when
            {{ type }} = 'OBJECT'
            and endswith({{ property }}.path, ']')
            and not suspect_texts.may_hold_objects
            then regexp_replace({{ property }}.path, '[[][0-9]+[]]$', '')
                || ' is an array of objects'
    end
{%- endmacro %}


{# Snowflake may read no JSON with such a number: the text itself says which it is. #}
{% macro snowflake__number_problem(text) -%}
    {%- set no_number = '-?(nan|inf|[0-9.]+e[+]?(30[9]|3[1-9][0-9]|[4-9][0-9]{2}|[0-9]{4}))' -%}
    case
        when regexp_instr(
            regexp_replace({{ text }}, '{{ braze_bridge.snowflake__string_pattern() }}', ''),
            '[:,[]{{ no_number }}', 1, 1, 0, 'i'
        ) > 0
            then coalesce(
                regexp_substr({{ text }}, '"([^"]*)":{{ no_number }}', 1, 1, 'ie', 1), 'a number'
            ) || ' is NaN or infinite'
    end
{%- endmacro %}


{# The same first look as DuckDB's below. #}
{% macro snowflake__may_have_property_problem(properties, reserved) -%}
    (
        regexp_instr({{ properties }}, '
        {%- for sign in [
            '"(' ~ reserved | join('|') ~ ')":',
            '"":',
            '"[$]',
            '[:,[]-?(null|nan|inf)',
            '[0-9]e[+]?[0-9]{3}',
            '"[0-9]{1,4}[-/][0-9]{1,2}[-/]',
            '[[,][{]',
            '[^"]{128}[^"]{128}',
        ] -%}
            {{ sign }}{{ '|' if not loop.last }}
        {%- endfor %}', 1, 1, 0, 'i') > 0
        or contains({{ properties }}, chr(92))
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
