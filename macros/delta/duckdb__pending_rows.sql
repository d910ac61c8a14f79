{# pending_rows for DuckDB. The row hash is a first look over every row; only rows that
   fail it are turned into JSON, and only known rows are compared value by value.

   No list of columns is read from anywhere: a star expression turns every column of
   the mart into an attribute, so that a new column is a new attribute and nothing else.
   `(not) materialized` and `in` are there for memory: they keep the ledger's row_json
   out of every hash table. docs/performance.md has the figures. #}
{% macro duckdb__pending_rows(mart, key_columns, on_removed, on_null, sync, mode) -%}
{%- set attributes -%}
    columns(* exclude ({{ key_columns | join(', ') }}, _row_key, _row_hash, _is_known))
{%- endset -%}
{%- set values -%}
    columns(* exclude (_row_key, _row_hash))
{%- endset -%}
with sent_rows as not materialized (

    select row_key, row_hash, row_json
    from {{ ref('ledger_sent_rows') }}
    where sync = '{{ sync }}'

),

mart_keys as not materialized (

    select {{ braze_bridge.row_key(key_columns) }} as row_key from {{ mart }} as mart

),

differing_rows as materialized (

    select
        mart.*,
        {{ braze_bridge.row_key(key_columns) }} as _row_key,
        cast(hash(mart) as varchar) as _row_hash,
        sent_rows.row_key is not null as _is_known
    from {{ mart }} as mart
    left join sent_rows
        on {{ braze_bridge.row_key(key_columns) }} = sent_rows.row_key
    where hash(mart) is distinct from try_cast(sent_rows.row_hash as ubigint)

),

offered_rows as (

    select *
    from differing_rows
    where
        (_row_key, _row_hash) not in (
            select (row_key, row_hash)
            from {{ ref('ledger_rejected_rows') }}
            where sync = '{{ sync }}' and {{ braze_bridge.is_given_up() }}
        )

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
        1 as key_count
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
        {
            'name': concat(alias({{ attributes }}), ''),
            'value': {{ braze_bridge.duckdb__attribute_json(attributes) }}
        }
    from known_rows

),

known_entries as (

    select _row_key, _row_hash, list_value(*{{ values }}) as entries from known_values

),

compared_rows as (

    select
        known_entries.*,
        key_counts.key_count,
        from_json(sent_versions.row_json, '"MAP(VARCHAR, JSON)"') as sent
    from known_entries
    inner join sent_versions on known_entries._row_key = sent_versions.row_key
    inner join key_counts on known_entries._row_key = key_counts.row_key

),

differences as (

    select
        *,
        list_filter(
            entries,
            lambda entry: entry.value
            is distinct from nullif(cast(sent[entry.name] as varchar), 'null')
            {%- if on_null == 'ignore' %} and entry.value is not null{% endif %}
        ) as differences
    from compared_rows

),

{# Two texts may be one value: numbers, objects and arrays get a second look. #}
doubtful_values as (

    select _row_key, sent, unnest(differences) as entry from differences

),

same_values as (

    select _row_key, list(entry.name) as names
    from doubtful_values
    where
        regexp_matches(entry.value, '^[-0-9{\[]')
        and {{ braze_bridge.duckdb__canonical_json('entry.value') }}
        = {{ braze_bridge.duckdb__canonical_json('cast(sent[entry.name] as varchar)') }}
    group by _row_key

),

changed_entries as (

    select
        differences._row_key,
        differences._row_hash,
        differences.entries,
        differences.key_count,
        list_filter(
            differences.differences,
            lambda entry: not list_contains(coalesce(same_values.names, []), entry.name)
        ) as sent_entries
    from differences
    left join same_values on differences._row_key = same_values._row_key

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
            {{ braze_bridge.duckdb__members('entries') }}
        ) as kept_members,
        _row_hash as row_hash,
        list_sum(list_transform(
            sent_entries,
            lambda entry: {{ braze_bridge.duckdb__data_points('entry.name', "coalesce(entry.value, '')") }}
        )) as data_points,
        key_count
    from changed_entries
    where len(sent_entries) > 0 or key_count > 1

),

{% if on_removed != 'ignore' -%}
{# -- rows that left the mart #}
removed_entries as (

    select
        row_key as _row_key,
        row_json,
        row_hash,
        list_filter(
            map_entries(from_json(row_json, '"MAP(VARCHAR, JSON)"')),
            lambda entry:
                not list_contains(['{{ key_columns | join("', '") }}', 'user_alias'], entry.key)
                {%- if on_removed == 'false' %}
                and cast(entry.value as varchar) = 'true'
                {%- else %}
                and nullif(cast(entry.value as varchar), 'null') is not null
                {%- endif %}
        ) as sent_entries
    from sent_rows
    where row_key not in (select row_key from mart_keys where row_key is not null)

),

removed_rows as (

    select
        _row_key as row_key,
        'removed' as change,
        concat_ws(
            ',',
            {{ braze_bridge.identifier(key_columns, mode) }},
            array_to_string(list_transform(
                sent_entries,
                lambda entry: cast(to_json(entry.key) as varchar)
                || '{{ ':false' if on_removed == 'false' else ':null' }}'
            ), ',')
        ) as members,
        row_json[2:-2] as kept_members,
        row_hash,
        len(sent_entries) as data_points,
        1 as key_count
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
    {{ braze_bridge.duckdb__problem('members') }} as problem
from pending
{%- endmacro %}


{# Entries {name, value} as the inside of a JSON object. #}
{% macro duckdb__members(entries) -%}
    array_to_string(list_transform(
        {{ entries }},
        lambda entry: cast(to_json(entry.name) as varchar) || ':' || coalesce(entry.value, 'null')
    ), ',')
{%- endmacro %}
