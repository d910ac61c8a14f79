{# Rows that Braze knows otherwise: only the values that differ.

   The options weave in: min_interval holds values back before the comparison, the
   others put a smaller value in the place of the whole one after it. #}
{% macro duckdb__changed_rows(key_columns, on_null, mode, options) -%}
{%- set attributes = braze_bridge.duckdb__attribute_columns(key_columns) -%}
{%- set has_parts = options.array_columns or options.merge_columns or options.keyed_arrays -%}
known_rows as (

    select * from offered_rows where _is_known

),

sent_versions as (

    select row_key, row_json{% if options.min_interval %}, sent_times{% endif %}
    from sent_rows
    where row_key in (select _row_key from known_rows)

),

key_counts as (

    select row_key, count(*) as key_count
    from mart_keys
    where row_key in (select _row_key from known_rows)
    group by row_key

),

known_values as (

    select
        _row_key,
        _row_hash,
        _is_resync,
        concat(alias({{ attributes }}), '') as "name_\0",
        coalesce({{ braze_bridge.duckdb__attribute_json(attributes) }}, 'null') as "value_\0"
    from known_rows

),

known_lists as (

    select
        _row_key,
        _row_hash,
        _is_resync,
        list_value(*columns('^name_')) as names,
        list_value(*columns('^value_')) as texts
    from known_values

),

sent_lists as (

    select
        row_key,
        {%- if options.min_interval %}
        sent_times,
        {%- endif %}
        json_keys(row_json) as names,
        {{ braze_bridge.duckdb__exact_texts('row_json') }} as texts
    from sent_versions

),

{# row_json has the key, then the columns in the order of the mart as it was. Mostly it
   still is, and the lists lie side by side; otherwise each name is looked up. #}
aligned_rows as (

    select
        known_lists.*,
        {%- if options.min_interval %}
        sent_lists.sent_times,
        {%- endif %}
        key_counts.key_count,
        case
            when known_lists.names = sent_lists.names[2:] then sent_lists.texts[2:]
            else list_transform(
                known_lists.names,
                lambda name: sent_lists.texts[list_position(sent_lists.names, name)]
            )
        end as sent_texts
    from known_lists
    inner join sent_lists on known_lists._row_key = sent_lists.row_key
    inner join key_counts on known_lists._row_key = key_counts.row_key

),

{% if options.min_interval -%}
{{ braze_bridge.duckdb__held_rows(options.min_interval) }},

{% endif -%}
differences as (

    select
        *,
        case
            when _is_resync
                then list_filter(
                    list_zip(names, texts, sent_texts),
                    lambda entry: entry[2] <> 'null'
                    {%- if on_null == 'unset' %} or entry[3] <> 'null'{% endif %}
                )
            when texts <> sent_texts
                then list_filter(
                    list_zip(names, texts, sent_texts),
                    lambda entry: entry[2] <> coalesce(entry[3], 'null')
                    {%- if on_null == 'ignore' %} and entry[2] <> 'null'{% endif %}
                )
            else []
        end as differences
    from {{ 'held_rows' if options.min_interval else 'aligned_rows' }}

),

{# Two texts may be one value: numbers, objects and arrays get a second look. #}
doubtful_values as (

    select _row_key, unnest(differences) as entry from differences where not _is_resync

),

{% if has_parts -%}
{{ braze_bridge.duckdb__parts(options) }},

{% endif -%}
same_values as (

    select _row_key, entry[1] as name
    from doubtful_values
    where
        regexp_matches(entry[2], '^[-0-9]')
        and {{ braze_bridge.duckdb__canonical_number('entry[2]') }}
        = {{ braze_bridge.duckdb__canonical_number('entry[3]') }}
    union all
    select _row_key, entry[1] as name
    from doubtful_values
    where
        regexp_matches(entry[2], '^[{\[]')
        and {{ braze_bridge.duckdb__canonical_json('entry[2]') }}
        = {{ braze_bridge.duckdb__canonical_json('entry[3]') }}
    {%- if has_parts %}
    union all
    select _row_key, name
    from parts
    where is_same
    {%- endif %}

),

same_names as (

    select _row_key, list(name) as names from same_values group by _row_key

),

changed_entries as (

    select
        differences._row_key,
        differences._row_hash,
        {# What the ledger keeps: with on_null 'ignore', what Braze still has. #}
        {%- if on_null == 'ignore' %}
        list_transform(
            list_zip(differences.names, differences.texts, differences.sent_texts),
            lambda entry: (
                entry[1],
                case when entry[2] = 'null' then coalesce(entry[3], 'null') else entry[2] end
            )
        ) as kept_entries,
        {%- else %}
        list_zip(differences.names, differences.texts) as kept_entries,
        {%- endif %}
        differences.key_count,
        {%- if options.min_interval %}
        differences.sent_times,
        differences.is_held,
        {%- endif %}
        list_filter(
            differences.differences,
            lambda entry: not list_contains(coalesce(same_names.names, []), entry[1])
        ) as sent_entries
    from differences
    left join same_names on differences._row_key = same_names._row_key
    where len(differences.differences) > 0 or differences.key_count > 1

),

{% if has_parts -%}
{{ braze_bridge.duckdb__parted_entries() }},

{% endif -%}
changed_rows as (

    select
        _row_key as row_key,
        'changed' as change,
        concat_ws(
            ',',
            {{ braze_bridge.identifier(key_columns, mode) }},
            {%- if has_parts %}
            case when is_merged then '"_merge_objects":true' end,
            {%- endif %}
            {{ braze_bridge.duckdb__members('sent_entries') }}
        ) as members,
        concat_ws(
            ',',
            {{ braze_bridge.row_json_key(key_columns) }},
            {{ braze_bridge.duckdb__members('kept_entries') }}
        ) as kept_members,
        {% if options.min_interval -%}
        case when is_held then '{{ braze_bridge.held_mark() }}' else '' end || _row_hash
            as row_hash,
        {%- else -%}
        _row_hash as row_hash,
        {%- endif %}
        list_sum(list_transform(
            sent_entries,
            lambda entry: {% if has_parts -%}
                entry[3]
            {%- else -%}
                {{ braze_bridge.duckdb__data_points('entry[1]', 'entry[2]') }}
            {%- endif %}
        )) as data_points,
        key_count,
        array_to_string(
            list_filter(
                list_transform(sent_entries, lambda entry: entry[2]),
                lambda text: text <> 'null'
            ),
            ','
        ) as told
        {%- if options.min_interval %},
        {{ braze_bridge.duckdb__sent_times(
            options.min_interval,
            'sent_times',
            'list_transform(sent_entries, lambda entry: entry[1])'
        ) }} as sent_times
        {%- endif %}
    from {{ 'parted_entries' if has_parts else 'changed_entries' }}
    where len(sent_entries) > 0 or key_count > 1

)
{%- endmacro %}
