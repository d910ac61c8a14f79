{# Arrays of objects whose elements have a key: which were added, removed and updated.
   Braze applies `$add`, then `$remove`, then `$update`; an element is in one of them
   only, since its key is on one side or on both. Where in the array is no difference.

   No part, and so the whole array, when a key is missing or stands twice on either
   side, when an element lost a member (an update cannot take one away), and when the
   parts are no shorter than the array. #}
{% macro duckdb__keyed_parts(keyed_arrays) -%}
keyed_values as (

    select
        _row_key,
        entry[1] as name,
        case entry[1]
            {%- for name, member in keyed_arrays.items() %}
            when '{{ name }}' then '{{ member }}'
            {%- endfor %}
        end as key_name,
        strlen(entry[2]) as size,
        json_extract(entry[2], '$[*]') as items,
        json_extract(entry[3], '$[*]') as sent_items
    from doubtful_values
    where
        entry[1] in ('{{ keyed_arrays | join("', '") }}')
        and starts_with(entry[2], '[{')
        and starts_with(entry[3], '[{')

),

keyed_items as (

    {{ braze_bridge.duckdb__keyed_items('items') }}

),

keyed_sent_items as (

    {{ braze_bridge.duckdb__keyed_items('sent_items') }}

),

keyed_pairs as (

    select
        _row_key,
        name,
        identity,
        coalesce(keyed_items.size, keyed_sent_items.size) as size,
        coalesce(keyed_items.place, keyed_sent_items.place) as place,
        keyed_items.item,
        keyed_sent_items.item as sent_item,
        {{ braze_bridge.duckdb__changed_members('keyed_items.item', 'keyed_sent_items.item') }}
            as part,
        json_merge_patch(keyed_sent_items.item, part) as merged,
        '{"$identifier_key":' || cast(to_json(keyed_sent_items.key_name) as varchar)
        || ',"$identifier_value":' || keyed_sent_items.key_text as identifier
    from keyed_items
    full join keyed_sent_items using (_row_key, name, identity)

),

keyed_changes as (

    select
        _row_key,
        name,
        any_value(size) as size,
        {{ braze_bridge.duckdb__keyed_step(
            '$add', 'cast(item as varchar)', 'sent_item is null'
        ) }} as added,
        {{ braze_bridge.duckdb__keyed_step('$remove', "identifier || '}'", 'item is null') }}
            as removed,
        {{ braze_bridge.duckdb__keyed_step(
            '$update', "identifier || ',\"$new_object\":' || part || '}'", "part <> '{}'"
        ) }} as updated,
        sum(case
            when item is null then 1
            when sent_item is null then greatest(1, len(json_keys(item)))
            else len(json_keys(part))
        end) as data_points
    from keyed_pairs
    group by _row_key, name
    having
        count(*) = count(distinct identity)
        and bool_and(
            item is null
            or sent_item is null
            or {{ braze_bridge.duckdb__canonical_json('merged') }}
            = {{ braze_bridge.duckdb__canonical_json('item') }}
        )

),

keyed_parts as (

    select
        _row_key,
        name,
        '{' || concat_ws(',', added, removed, updated) || '}' as text,
        data_points,
        text = '{}' as is_same,
        true as is_merged
    from keyed_changes
    where strlen(text) < size

)
{%- endmacro %}


{# The elements of a list of arrays, each with the text of its key; a key that is no
   text and no number tells nothing apart. #}
{% macro duckdb__keyed_items(items) -%}
    select
        _row_key,
        name,
        key_name,
        size,
        place,
        item,
        json_extract(item, '$."' || key_name || '"') as key,
        cast(key as varchar) as key_text,
        case
            when json_type(key) not in ('NULL', 'BOOLEAN', 'OBJECT', 'ARRAY')
                then {{ braze_bridge.duckdb__identity('key_text') }}
        end as identity
    from (
        select
            _row_key,
            name,
            key_name,
            size,
            unnest({{ items }}) as item,
            generate_subscripts({{ items }}, 1) as place
        from keyed_values
    )
{%- endmacro %}


{# One of the steps, or null when it has nothing to do. #}
{% macro duckdb__keyed_step(step, element, condition) -%}
    '"{{ step }}":['
        || string_agg({{ element }}, ',' order by place) filter (where {{ condition }})
        || ']'
{%- endmacro %}
