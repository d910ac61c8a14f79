{# Objects: the members that changed. The proof that they are enough is to merge them
   into what Braze has: where that does not end with the mart's value, because a member
   vanished at whatever depth, the object is no part and leaves as a whole. #}
{% macro duckdb__object_parts(merge_columns) -%}
object_values as (

    select
        _row_key,
        entry[1] as name,
        entry[2] as text,
        entry[3] as sent_text,
        {{ braze_bridge.duckdb__changed_members('text', 'sent_text') }} as part
    from doubtful_values
    where
        entry[1] in ('{{ merge_columns | join("', '") }}')
        and starts_with(entry[2], '{')
        and starts_with(entry[3], '{')

),

object_merges as (

    select *, json_merge_patch(sent_text, part) as merged from object_values

),

object_parts as (

    select
        _row_key,
        name,
        part as text,
        len(json_keys(part)) as data_points,
        part = '{}' as is_same,
        true as is_merged
    from object_merges
    where
        {{ braze_bridge.duckdb__canonical_json('merged') }}
        = {{ braze_bridge.duckdb__canonical_json('text') }}

)
{%- endmacro %}


{# The members of an object that another has not or has differently, as an object. #}
{% macro duckdb__changed_members(object, other) -%}
    {%- set known_members -%}
        list_transform(
            {{ braze_bridge.duckdb__object_members(other) }},
            lambda known: (known[1], {{ braze_bridge.duckdb__identity('known[2]') }})
        )
    {%- endset -%}
    {%- set changed -%}
        list_filter(
            {{ braze_bridge.duckdb__object_members(object) }},
            lambda member: not list_contains(
                {{ known_members }},
                (member[1], {{ braze_bridge.duckdb__identity('member[2]') }})
            )
        )
    {%- endset -%}
    '{' || {{ braze_bridge.duckdb__members(changed) }} || '}'
{%- endmacro %}


{# An object as a list of (name, text). #}
{% macro duckdb__object_members(object) -%}
    list_zip(json_keys({{ object }}), cast(json_extract({{ object }}, '$.*') as varchar[]))
{%- endmacro %}
