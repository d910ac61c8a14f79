{# Rows that left the mart: their attributes are unset, or their flags lowered. #}
{% macro duckdb__removed_rows(key_columns, on_removed, options) -%}
removed_entries as (

    select
        row_key as _row_key,
        '{{ braze_bridge.removed_mark() }}' || row_hash as _row_hash,
        {%- if options.min_interval %}
        sent_times as known_times,
        {%- endif %}
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
        and (row_key, '{{ braze_bridge.removed_mark() }}' || row_hash)
        not in (select version from given_up_rows)
        and {{ braze_bridge.is_not_suppressed(key_columns, 'row_key') }}

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
        _row_hash as row_hash,
        len(sent_entries) as data_points,
        1 as key_count,
        '' as told
        {%- if options.min_interval %},
        {{ braze_bridge.duckdb__sent_times(
            options.min_interval,
            'known_times',
            'list_transform(sent_entries, lambda entry: entry.key)'
        ) }} as sent_times
        {%- endif %}
    from removed_entries
    where len(sent_entries) > 0

)
{%- endmacro %}


{# What stands before the hash of a row that left the mart: it matches no hash of the
   mart's, so that a row that comes back as it was is compared with what was lowered. #}
{% macro removed_mark() -%}
    removed:
{%- endmacro %}
