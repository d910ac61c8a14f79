{#
    Pairs of an object that is wanted and one that Braze has: a value of merge_columns, or an
    element of a keyed array with the element of the same key, one of the two null where it
    has no other. `pair` tells the pairs of one value apart.
#}
{% macro snowflake__object_pairs(options) -%}
{% if options.keyed_arrays -%}
{{ braze_bridge.snowflake__keyed_pairs(options.keyed_arrays) }},

{% endif -%}
object_pairs as (

    {% if options.merge_columns -%}
    select
        _row_key,
        _row_hash,
        name,
        '' as pair,
        try_parse_json(value) as wanted,
        try_parse_json(sent_value) as told
    from doubtful_entries
    where
        name in ('{{ options.merge_columns | join("', '") }}')
        and startswith(value, '{')
        and startswith(sent_value, '{')
    {%- endif %}
    {%- if options.merge_columns and options.keyed_arrays %}
    union all
    {% endif -%}
    {%- if options.keyed_arrays -%}
    select
        _row_key,
        _row_hash,
        name,
        identity as pair,
        try_parse_json(wanted_json) as wanted,
        try_parse_json(told_json) as told
    from keyed_pairs
    where wanted_json is not null and told_json is not null
    {%- endif %}

)
{%- endmacro %}


{#
    What of a pair's object changed: `part`, the members that Braze has not or has otherwise;
    `is_lossy`, when merging them into what Braze has would not end with the wanted object,
    because a member vanished, at whatever depth.

    Merging goes into objects and not into arrays, and so does `mode => 'OBJECT'`. A path is
    lost where both sides have an object around it and the wanted one lacks the member.
#}
{% macro snowflake__object_changes() -%}
changed_members as (

    select
        object_pairs._row_key,
        object_pairs._row_hash,
        object_pairs.name,
        object_pairs.pair,
        listagg(
            {{ braze_bridge.json_text('member.key') }} || ':'
            || {{ braze_bridge.snowflake__variant_json('member.value') }},
            ','
        ) within group (order by member.key) as part,
        count(*) as count_members
    from object_pairs, lateral flatten(input => object_pairs.wanted) as member
    where
        get(object_pairs.told, member.key) is null
        or not {{ braze_bridge.snowflake__is_same_value(
            braze_bridge.snowflake__variant_json('member.value'),
            braze_bridge.snowflake__variant_json('get(object_pairs.told, member.key)')
        ) }}
    group by
        object_pairs._row_key, object_pairs._row_hash, object_pairs.name, object_pairs.pair

),

told_objects as (

    select _row_key, _row_hash, name, pair, '' as path, object_keys(told) as keys
    from object_pairs
    union all
    select
        _row_key, _row_hash, name, pair, member.path as path, object_keys(member.value) as keys
    from object_pairs,
        lateral flatten(input => object_pairs.told, recursive => true, mode => 'OBJECT') as member
    where typeof(member.value) = 'OBJECT'

),

wanted_objects as (

    select _row_key, _row_hash, name, pair, '' as path, object_keys(wanted) as keys
    from object_pairs
    union all
    select
        _row_key, _row_hash, name, pair, member.path as path, object_keys(member.value) as keys
    from object_pairs,
        lateral flatten(input => object_pairs.wanted, recursive => true, mode => 'OBJECT') as member
    where typeof(member.value) = 'OBJECT'

),

lossy_pairs as (

    select distinct
        told_objects._row_key, told_objects._row_hash, told_objects.name, told_objects.pair
    from told_objects
    inner join wanted_objects
        on told_objects._row_key = wanted_objects._row_key
        and told_objects._row_hash = wanted_objects._row_hash
        and told_objects.name = wanted_objects.name
        and told_objects.pair = wanted_objects.pair
        and told_objects.path = wanted_objects.path
    where array_size(array_except(told_objects.keys, wanted_objects.keys)) > 0

),

object_changes as (

    select
        object_pairs._row_key,
        object_pairs._row_hash,
        object_pairs.name,
        object_pairs.pair,
        '{' || coalesce(changed_members.part, '') || '}' as part,
        coalesce(changed_members.count_members, 0) as count_members,
        lossy_pairs._row_key is not null as is_lossy
    from object_pairs
    left join changed_members
        on object_pairs._row_key = changed_members._row_key
        and object_pairs._row_hash = changed_members._row_hash
        and object_pairs.name = changed_members.name
        and object_pairs.pair = changed_members.pair
    left join lossy_pairs
        on object_pairs._row_key = lossy_pairs._row_key
        and object_pairs._row_hash = lossy_pairs._row_hash
        and object_pairs.name = lossy_pairs.name
        and object_pairs.pair = lossy_pairs.pair

)
{%- endmacro %}


{# Objects: the members that changed. #}
{% macro snowflake__object_parts() -%}
object_parts as (

    select
        _row_key,
        _row_hash,
        name,
        part as text,
        count_members as data_points,
        part = '{}' as is_same,
        true as is_merged
    from object_changes
    where pair = '' and not is_lossy

)
{%- endmacro %}
