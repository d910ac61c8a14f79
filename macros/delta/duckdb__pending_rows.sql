{# pending_rows for DuckDB. The row hash is a first look over every row; only rows that
   fail it are turned into JSON, and only known rows are compared value by value.

   No list of columns is read from anywhere: a star expression turns every column of
   the mart into an attribute, so that a new column is a new attribute and nothing else.
   `(not) materialized` and `in` are there for memory: they keep the ledger's row_json
   out of every hash table. docs/performance.md has the figures. #}
{% macro duckdb__pending_rows(mart, key_columns, on_removed, on_null, sync, mode) -%}
{%- set attributes -%}
    columns(* exclude ({{ key_columns | join(', ') }}, _row_key, _row_hash, _is_known, _is_resync))
{%- endset -%}
{%- set values -%}
    columns(* exclude (_row_key, _row_hash))
{%- endset -%}
with sent_rows as not materialized (

    select row_key, row_hash, row_json
    from {{ ref('ledger_sent_rows') }}
    where sync = '{{ sync }}'

),

given_up_rows as (

    select (row_key, row_hash) as version
    from {{ ref('ledger_rejected_rows') }}
    where sync = '{{ sync }}' and {{ braze_bridge.is_given_up() }}

),

mart_keys as not materialized (

    select {{ braze_bridge.row_key(key_columns) }} as row_key from {{ mart }}

),

{# The hash is over names, types, values and which of them are null: over the values
   alone, two columns that change places or an empty list that becomes null go unseen. #}
hashed_rows as not materialized (

    select
        columns(lambda name: not starts_with(name, '_null_')),
        {{ braze_bridge.row_key(key_columns) }} as _row_key,
        hash(typeof(_mart_row), *columns(*)) as _row_hash
    from (
        select
            *,
            columns(*) is null as "_null_\0"
        from {{ mart }}
    ) as _mart_row

),

differing_rows as materialized (

    select
        hashed_rows.* exclude (_row_hash),
        cast(hashed_rows._row_hash as varchar) as _row_hash,
        sent_rows.row_key is not null as _is_known,
        {# A full resync empties the hashes: every value is sent again. #}
        coalesce(sent_rows.row_hash = '', false) as _is_resync
    from hashed_rows
    left join sent_rows on hashed_rows._row_key = sent_rows.row_key
    where hashed_rows._row_hash is distinct from try_cast(sent_rows.row_hash as ubigint)

),

offered_rows as (

    select *
    from differing_rows
    where (_row_key, _row_hash) not in (select version from given_up_rows)

),

{# -- rows that Braze has never been told of: every value that is not null #}
added_values as (

    select
        _row_key,
        _row_hash,
        {{ braze_bridge.duckdb__attribute_json(attributes) }}
    from offered_rows
    where not _is_known

),

added_members as (

    select
        _row_key,
        _row_hash,
        cast(to_json(alias({{ values }})) as varchar) || ':' || {{ values }} as "sent_\0",
        cast(to_json(alias({{ values }})) as varchar) || ':' || coalesce({{ values }}, 'null')
            as "kept_\0",
        {{ braze_bridge.duckdb__data_points('alias(' ~ values ~ ')', values) }} as "points_\0"
    from added_values

),

added_rows as (

    select
        _row_key as row_key,
        'added' as change,
        concat_ws(
            ',', {{ braze_bridge.identifier(key_columns, mode) }}, *columns('^sent_')
        ) as members,
        concat_ws(
            ',', {{ braze_bridge.row_json_key(key_columns) }}, *columns('^kept_')
        ) as kept_members,
        _row_hash as row_hash,
        list_sum(list_value(*columns('^points_'))) as data_points,
        1 as key_count,
        concat_ws(',', *columns('^sent_')) as told
    from added_members

),

{# -- rows that Braze knows otherwise: only the values that differ #}
known_rows as (

    select * from offered_rows where _is_known

),

sent_versions as (

    select row_key, row_json
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
        json_keys(row_json) as names,
        cast(json_extract(row_json, '$.*') as varchar[]) as texts
    from sent_versions

),

{# row_json has the key, then the columns in the order of the mart as it was. Mostly it
   still is, and the lists lie side by side; otherwise each name is looked up. #}
aligned_rows as (

    select
        known_lists.*,
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
    from aligned_rows

),

{# Two texts may be one value: numbers, objects and arrays get a second look. #}
doubtful_values as (

    select _row_key, unnest(differences) as entry from differences where not _is_resync

),

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
        list_filter(
            differences.differences,
            lambda entry: not list_contains(coalesce(same_names.names, []), entry[1])
        ) as sent_entries
    from differences
    left join same_names on differences._row_key = same_names._row_key
    where len(differences.differences) > 0 or differences.key_count > 1

),

changed_rows as (

    select
        _row_key as row_key,
        'changed' as change,
        concat_ws(
            ',',
            {{ braze_bridge.identifier(key_columns, mode) }},
            {{ braze_bridge.duckdb__members('sent_entries') }}
        ) as members,
        concat_ws(
            ',',
            {{ braze_bridge.row_json_key(key_columns) }},
            {{ braze_bridge.duckdb__members('kept_entries') }}
        ) as kept_members,
        _row_hash as row_hash,
        list_sum(list_transform(
            sent_entries,
            lambda entry: {{ braze_bridge.duckdb__data_points('entry[1]', 'entry[2]') }}
        )) as data_points,
        key_count,
        array_to_string(
            list_filter(
                list_transform(sent_entries, lambda entry: entry[2]),
                lambda text: text <> 'null'
            ),
            ','
        ) as told
    from changed_entries
    where len(sent_entries) > 0 or key_count > 1

),

{% if on_removed != 'ignore' -%}
{# -- rows that left the mart #}
removed_entries as (

    select
        row_key as _row_key,
        row_hash,
        map_entries(from_json(row_json, '"MAP(VARCHAR, JSON)"')) as entries,
        list_filter(
            entries,
            lambda entry:
                not list_contains(['{{ key_columns | join("', '") }}', 'user_alias'], entry.key)
                {%- if on_removed == 'false' %}
                and cast(entry.value as varchar) = 'true'
                {%- else %}
                and nullif(cast(entry.value as varchar), 'null') is not null
                {%- endif %}
        ) as sent_entries
    from sent_rows
    where
        row_key not in (select row_key from mart_keys where row_key is not null)
        and (row_key, row_hash) not in (select version from given_up_rows)

),

removed_rows as (

    select
        _row_key as row_key,
        'removed' as change,
        concat_ws(
            ',',
            {# A profile that is gone from Braze must not come back. #}
            {{ braze_bridge.identifier(key_columns, 'update') }},
            array_to_string(list_transform(
                sent_entries,
                lambda entry: cast(to_json(entry.key) as varchar)
                || '{{ ':false' if on_removed == 'false' else ':null' }}'
            ), ',')
        ) as members,
        {%- if on_removed == 'false' %}
        array_to_string(list_transform(
            entries,
            lambda entry: cast(to_json(entry.key) as varchar) || ':'
            || case
                when cast(entry.value as varchar) = 'true' then 'false'
                else cast(entry.value as varchar)
            end
        ), ',') as kept_members,
        {%- else %}
        {# Nothing is left to know of this row: the ledger forgets it. #}
        cast(null as varchar) as kept_members,
        {%- endif %}
        row_hash,
        len(sent_entries) as data_points,
        1 as key_count,
        '' as told
    from removed_entries
    where len(sent_entries) > 0

),

{% endif -%}
pending as (

    select * from added_rows
    union all
    select * from changed_rows
    {%- if on_removed != 'ignore' %}
    union all
    select * from removed_rows
    {%- endif %}

)

select
    row_key,
    change,
    '{' || members || '}' as payload,
    '{' || kept_members || '}' as row_json,
    row_hash,
    cast(coalesce(data_points, 0) as integer) as data_points,
    key_count,
    {{ braze_bridge.duckdb__problem('told') }} as problem
from pending
{%- endmacro %}


{# Entries (name, text, ...) as the inside of a JSON object. #}
{% macro duckdb__members(entries) -%}
    array_to_string(list_transform(
        {{ entries }},
        lambda entry: cast(to_json(entry[1]) as varchar) || ':' || entry[2]
    ), ',')
{%- endmacro %}
