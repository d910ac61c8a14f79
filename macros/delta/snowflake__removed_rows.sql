{# Rows that left the mart: see duckdb__removed_rows.sql. #}
{% macro snowflake__removed_rows(key_columns, on_removed, options) -%}
{%- set mark = braze_bridge.removed_mark() -%}
gone_rows as (

    select
        sent_rows.row_key as _row_key,
        '{{ mark }}' || sent_rows.row_hash as _row_hash,
        {%- if options.min_interval %}
        try_parse_json(sent_rows.sent_times) as sent_times,
        {%- endif %}
        try_parse_json(sent_rows.row_json) as sent_object
    from sent_rows
    left join mart_keys on sent_rows.row_key = mart_keys._row_key
    left join given_up_rows
        on sent_rows.row_key = given_up_rows.row_key
        and '{{ mark }}' || sent_rows.row_hash = given_up_rows.row_hash
    left join suppressed_users
        on suppressed_users.user_hash = {{ braze_bridge.user_hash(
            braze_bridge.row_user_key(key_columns, 'sent_rows.row_key')
        ) }}
    where
        mart_keys._row_key is null
        and given_up_rows.row_key is null
        and suppressed_users.user_hash is null

),

removed_values as (

    select
        gone_rows._row_key,
        gone_rows._row_hash,
        member.key as name,
        {{ braze_bridge.snowflake__variant_json('member.value') }} as value
        {%- if options.min_interval %},
        cast(get(gone_rows.sent_times, member.key) as varchar) as sent_time
        {%- endif %}
    from gone_rows, lateral flatten(input => gone_rows.sent_object) as member

),

removed_entries as (

    select
        *,
        {{ braze_bridge.json_text('name') }} || ':' as label,
        name not in ('{{ key_columns | join("', '") }}', 'user_alias')
        {%- if on_removed == 'false' %} and value = 'true'{% else %} and value <> 'null'{% endif %}
            as is_sent
    from removed_values

),

removed_rows as (

    select
        _row_key as row_key,
        'removed' as change,
        {# A profile that is gone from Braze must not come back. -#}
        {{ braze_bridge.identifier(key_columns, 'update') }}
        || listagg(
            iff(is_sent, ',' || label || '{{ 'false' if on_removed == 'false' else 'null' }}', ''),
            ''
        ) within group (order by name) as members,
        {#- Nothing is left to know of a row that is unset: the ledger forgets it. #}
        {% if on_removed == 'false' -%}
        listagg(
            iff(value = 'null', null, label || iff(value = 'true', 'false', value)), ','
        ) within group (order by name)
        {%- else -%}
        cast(null as varchar)
        {%- endif %} as kept_members,
        _row_hash as row_hash,
        cast(count_if(is_sent) as integer) as data_points,
        1 as key_count,
        cast(null as varchar) as problem
        {%- if options.min_interval %},
        {{ braze_bridge.snowflake__sent_times(options.min_interval, 'is_sent') }} as sent_times
        {%- endif %}
    from removed_entries
    group by _row_key, _row_hash
    having boolor_agg(is_sent)

)
{%- endmacro %}
