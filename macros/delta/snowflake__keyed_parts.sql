{# Arrays of objects whose elements have a key: see duckdb__keyed_parts.sql. `keyed_pairs` has
   a row for each key of a value, with the element that is wanted and the one that Braze
   has. #}
{% macro snowflake__keyed_pairs(keyed_arrays) -%}
keyed_entries as (

    select
        _row_key,
        _row_hash,
        name,
        value,
        sent_value,
        case name
            {%- for name, member in keyed_arrays.items() %}
            when '{{ name }}' then '{{ member }}'
            {%- endfor %}
        end as key_name
    from doubtful_entries
    where
        name in ('{{ keyed_arrays | join("', '") }}')
        and startswith(value, '[{')
        and startswith(sent_value, '[{')

),

keyed_elements as (

    {{ braze_bridge.snowflake__keyed_elements('value', 'true') }}
    union all
    {{ braze_bridge.snowflake__keyed_elements('sent_value', 'false') }}

),

{# A key that is no text and no number tells nothing apart. #}
keyed_items as (

    select
        *,
        iff(
            startswith(key_json, '"') or try_to_double(key_json) is not null,
            {{ braze_bridge.snowflake__identity('key_json') }},
            null
        ) as identity
    from keyed_elements

),

keyed_pairs as (

    select
        _row_key,
        _row_hash,
        name,
        identity,
        max(iff(is_wanted, null, key_json)) as told_key_json,
        max(iff(is_wanted, item, null)) as wanted_json,
        max(iff(is_wanted, null, item)) as told_json,
        coalesce(min(iff(is_wanted, place, null)), min(place)) as place,
        count(*) > count(distinct is_wanted) as is_double
    from keyed_items
    group by _row_key, _row_hash, name, identity

)
{%- endmacro %}


{% macro snowflake__keyed_elements(items, is_wanted) -%}
    select
        _row_key,
        _row_hash,
        name,
        {{ is_wanted }} as is_wanted,
        element.index as place,
        to_json(element.value) as item,
        {{ braze_bridge.snowflake__variant_json('get(element.value, keyed_entries.key_name)') }}
            as key_json
    from keyed_entries, lateral flatten(input => try_parse_json(keyed_entries.{{ items }})) as element
{%- endmacro %}


{# No part, and so the whole array, when a key is missing or stands twice on either side, when
   an element lost a member, and when the steps are no shorter than the array. #}
{% macro snowflake__keyed_parts() -%}
keyed_steps as (

    select
        keyed_pairs.*,
        object_changes.part,
        object_changes.count_members,
        coalesce(object_changes.is_lossy, false) as is_lossy,
        '{"$identifier_key":' || {{ braze_bridge.json_text('keyed_entries.key_name') }}
        || ',"$identifier_value":' || keyed_pairs.told_key_json as identifier,
        octet_length(keyed_entries.value) as size
    from keyed_pairs
    inner join keyed_entries
        on keyed_pairs._row_key = keyed_entries._row_key
        and keyed_pairs._row_hash = keyed_entries._row_hash
        and keyed_pairs.name = keyed_entries.name
    left join object_changes
        on keyed_pairs._row_key = object_changes._row_key
        and keyed_pairs._row_hash = object_changes._row_hash
        and keyed_pairs.name = object_changes.name
        and keyed_pairs.identity = object_changes.pair

),

keyed_changes as (

    select
        _row_key,
        _row_hash,
        name,
        max(size) as size,
        {{ braze_bridge.snowflake__keyed_step('$add', 'wanted_json', 'told_json is null') }}
        || {{ braze_bridge.snowflake__keyed_step(
            '$remove', "identifier || '}'", 'wanted_json is null'
        ) }}
        || {{ braze_bridge.snowflake__keyed_step(
            '$update', "identifier || ',\"$new_object\":' || part || '}'", "part <> '{}'"
        ) }} as steps,
        sum(case
            when wanted_json is null then 1
            when told_json is null then greatest(1, array_size(object_keys(try_parse_json(wanted_json))))
            else count_members
        end) as data_points
    from keyed_steps
    group by _row_key, _row_hash, name
    having
        count(*) = count(identity)
        and not boolor_agg(is_double)
        and not boolor_agg(is_lossy)

),

keyed_parts as (

    select
        _row_key,
        _row_hash,
        name,
        '{' || substr(steps, 2) || '}' as text,
        data_points,
        steps = '' as is_same,
        true as is_merged
    from keyed_changes
    where octet_length(steps) + 1 < size

)
{%- endmacro %}


{# One of the steps with a comma before it, or nothing. #}
{% macro snowflake__keyed_step(step, element, condition) -%}
    iff(
        boolor_agg(coalesce({{ condition }}, false)),
        ',"{{ step }}":[' || listagg(iff({{ condition }}, {{ element }}, null), ',')
            within group (order by place) || ']',
        ''
    )
{%- endmacro %}
