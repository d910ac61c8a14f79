{# Arrays of plain values: what was added and what was removed. Braze holds each value
   once, and where in the array is no difference. #}
{% macro duckdb__array_parts(array_columns) -%}
array_values as (

    select
        _row_key,
        entry[1] as name,
        json_extract(entry[2], '$[*]') as items,
        json_extract(entry[3], '$[*]') as sent_items,
        list_transform(
            cast(items as varchar[]), lambda item: {{ braze_bridge.duckdb__identity('item') }}
        ) as identities,
        list_transform(
            cast(sent_items as varchar[]),
            lambda item: {{ braze_bridge.duckdb__identity('item') }}
        ) as sent_identities
    from doubtful_values
    where
        entry[1] in ('{{ array_columns | join("', '") }}')
        and starts_with(entry[2], '[')
        and starts_with(entry[3], '[')

),

array_changes as (

    select
        _row_key,
        name,
        list_filter(
            items,
            lambda item, place:
                list_position(identities, identities[place]) = place
                and not list_contains(sent_identities, identities[place])
        ) as added,
        list_filter(
            sent_items,
            lambda item, place:
                list_position(sent_identities, sent_identities[place]) = place
                and not list_contains(identities, sent_identities[place])
        ) as removed
    from array_values
    where not list_has_any(
        list_transform(items || sent_items, lambda item: json_type(item)),
        ['OBJECT', 'ARRAY', 'NULL']
    )

),

array_parts as (

    select
        _row_key,
        name,
        '{' || concat_ws(
            ',',
            case when len(added) > 0 then '"add":' || cast(to_json(added) as varchar) end,
            case when len(removed) > 0 then '"remove":' || cast(to_json(removed) as varchar) end
        ) || '}' as text,
        len(added) + case when len(removed) > 0 then 1 else 0 end as data_points,
        len(added) + len(removed) = 0 as is_same,
        false as is_merged
    from array_changes

)
{%- endmacro %}
