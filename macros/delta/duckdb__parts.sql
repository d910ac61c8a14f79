{#
    What may leave in the place of a whole value: `parts` has a row for each differing
    value that can leave as less. A part is `is_same` when nothing differs after all,
    and `is_merged` when it is right only beside `"_merge_objects": true`.

    A value that is missing here leaves as a whole, as without the options.
#}
{% macro duckdb__parts(options) -%}
{%- set kinds = [] -%}
{%- if options.array_columns -%}
{%- do kinds.append('array_parts') -%}
{{ braze_bridge.duckdb__array_parts(options.array_columns) }},

{% endif -%}
{%- if options.merge_columns -%}
{%- do kinds.append('object_parts') -%}
{{ braze_bridge.duckdb__object_parts(options.merge_columns) }},

{% endif -%}
{%- if options.keyed_arrays -%}
{%- do kinds.append('keyed_parts') -%}
{{ braze_bridge.duckdb__keyed_parts(options.keyed_arrays) }},

{% endif -%}
parts as (

    {% for kind in kinds -%}
    select _row_key, name, text, data_points, is_same, is_merged from {{ kind }}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

)
{%- endmacro %}


{# Puts the parts in their places. `_merge_objects` holds for every nested value of a
   payload, so that all of them leave as merges or none does; and it is worth it only
   when one of them is shorter than the whole. #}
{% macro duckdb__parted_entries() -%}
part_lists as (

    select
        _row_key,
        list({'name': name, 'text': text, 'points': data_points, 'is_merged': is_merged})
            as parts
    from parts
    where not is_same
    group by _row_key

),

entries_with_parts as (

    select
        changed_entries.* exclude (sent_entries),
        list_transform(
            sent_entries,
            lambda entry: {
                'name': entry[1],
                'text': entry[2],
                'is_nested': {{ braze_bridge.duckdb__is_nested('entry[2]', 'entry[3]') }},
                'part': list_filter(
                    coalesce(part_lists.parts, []), lambda part: part.name = entry[1]
                )[1]
            }
        ) as entries
    from changed_entries
    left join part_lists on changed_entries._row_key = part_lists._row_key

),

merged_entries as (

    select
        *,
        len(list_filter(
            entries, lambda entry: entry.is_nested and entry.part.is_merged is distinct from true
        )) = 0
        and len(list_filter(
            entries,
            lambda entry: entry.part.is_merged and strlen(entry.part.text) < strlen(entry.text)
        )) > 0 as is_merged
    from entries_with_parts

),

parted_entries as (

    select
        * exclude (entries),
        list_transform(
            entries,
            lambda entry: case
                when entry.part is not null and (is_merged or not entry.part.is_merged)
                    then (entry.name, entry.part.text, entry.part.points)
                else (
                    entry.name,
                    entry.text,
                    {{ braze_bridge.duckdb__data_points('entry.name', 'entry.text') }}
                )
            end
        ) as sent_entries
    from merged_entries

)
{%- endmacro %}


{# An object, or an array of objects: also one that became empty. #}
{% macro duckdb__is_nested(text, sent_text) -%}
    (
        starts_with({{ text }}, '{')
        or starts_with({{ text }}, '[{')
        or (starts_with({{ text }}, '[') and starts_with(coalesce({{ sent_text }}, ''), '[{'))
    )
{%- endmacro %}


{# One text for one plain value, whatever the spelling of a number. #}
{% macro duckdb__identity(text) -%}
    case
        when regexp_matches({{ text }}, '^[-0-9]')
            then {{ braze_bridge.duckdb__canonical_number(text) }}
        else {{ text }}
    end
{%- endmacro %}
