{#
    pending_rows for Snowflake, by the same steps as DuckDB's: a hash over every row, then
    JSON and a comparison value by value for the rows that fail it.

    Unquoted names are upper case in Snowflake, and Braze's names are case-sensitive: a
    name without a lower-case letter leaves in lower case, any other as it was quoted.
    TO_JSON is the canonical form on both sides, so the order of keys and the spelling of
    numbers do not count.
#}
{% macro snowflake__pending_rows(mart, key_columns, on_removed, on_null, sync, mode, options) -%}
{%- for option, value in options.items() if value -%}
    {{- braze_bridge.only_on_duckdb('pending_rows: ' ~ option) -}}
{%- endfor -%}
with sent_rows as (

    {{ braze_bridge.sent_versions(sync, ['row_key', 'row_hash', 'row_json']) }}

),

given_up_rows as (

    select row_key, row_hash
    from {{ ref('ledger_rejected_rows') }}
    where sync = '{{ sync }}' and {{ braze_bridge.is_given_up() }}

),

suppressed_users as (

    select user_hash from {{ ref('ledger_suppressed_users') }}

),

mart_rows as (

    select
        {{ braze_bridge.row_key(key_columns) }} as row_key,
        object_construct_keep_null(_mart_row.*) as row_object,
        {# Names are in the object, so that two columns cannot change places unseen. #}
        cast(hash(row_object) as varchar) as row_hash
    from {{ mart }} as _mart_row

),

offered_rows as (

    select
        mart_rows.row_key,
        mart_rows.row_hash,
        mart_rows.row_object,
        sent_rows.row_key is not null as is_known,
        coalesce(sent_rows.row_hash = '', false) as is_resync,
        parse_json(sent_rows.row_json) as sent_object
    from mart_rows
    left join sent_rows on mart_rows.row_key = sent_rows.row_key
    left join given_up_rows
        on mart_rows.row_key = given_up_rows.row_key
        and mart_rows.row_hash = given_up_rows.row_hash
    where
        mart_rows.row_hash is distinct from sent_rows.row_hash
        and given_up_rows.row_key is null
        and {{ braze_bridge.is_not_suppressed(key_columns, 'mart_rows.row_key') }}

),

key_counts as (

    select row_key, count(*) as key_count
    from mart_rows
    where row_key in (select row_key from offered_rows)
    group by row_key

),

entries as (

    select
        offered_rows.row_key,
        offered_rows.row_hash,
        offered_rows.is_resync,
        {{ braze_bridge.snowflake__attribute_name('column_entry.key') }} as name,
        nullif({{ braze_bridge.snowflake__attribute_json('column_entry.value') }}, 'null')
            as value,
        nullif(to_json(get(offered_rows.sent_object, name)), 'null') as sent_value,
        {{ braze_bridge.snowflake__is_no_number('column_entry.value') }} as is_no_number
    from offered_rows,
        lateral flatten(input => offered_rows.row_object) as column_entry
    where upper(column_entry.key) not in ('{{ key_columns | join("', '") | upper }}')

),

{{ braze_bridge.snowflake__priced_entries('entries') }},

rows_with_members as (

    select
        row_key,
        row_hash,
        listagg(
            iff(
                (
                    value is distinct from sent_value
                    or (is_resync and value is not null)
                )
                {%- if on_null == 'ignore' %} and value is not null{% endif %},
                ',' || to_json(to_variant(name)) || ':' || coalesce(value, 'null'),
                ''
            ),
            ''
        ) within group (order by name) as members,
        listagg(',' || to_json(to_variant(name)) || ':' || coalesce(value, 'null'), '')
            within group (order by name) as kept_members,
        sum(
            iff(
                value is distinct from sent_value or (is_resync and value is not null),
                data_points,
                0
            )
        ) as data_points,
        max(is_no_number) as has_no_number
    from priced_entries
    group by row_key, row_hash

),

present_rows as (

    select
        offered_rows.row_key as _row_key,
        iff(offered_rows.is_known, 'changed', 'added') as change,
        coalesce(rows_with_members.members, '') as members,
        coalesce(rows_with_members.kept_members, '') as kept_members,
        offered_rows.row_hash,
        coalesce(rows_with_members.data_points, 0) as data_points,
        coalesce(key_counts.key_count, 1) as key_count,
        iff(rows_with_members.has_no_number, 'a number is NaN or infinite', null) as problem
    from offered_rows
    left join rows_with_members
        on offered_rows.row_key = rows_with_members.row_key
        and offered_rows.row_hash = rows_with_members.row_hash
    left join key_counts on offered_rows.row_key = key_counts.row_key
    where
        not offered_rows.is_known
        or coalesce(rows_with_members.members, '') <> ''
        or key_counts.key_count > 1

),

{% if on_removed != 'ignore' -%}
removed_entries as (

    select
        sent_rows.row_key,
        sent_rows.row_hash,
        sent_rows.row_json,
        sent_entry.key as name
    from sent_rows
    left join mart_rows on sent_rows.row_key = mart_rows.row_key,
        lateral flatten(input => parse_json(sent_rows.row_json)) as sent_entry
    where
        mart_rows.row_key is null
        and {{ braze_bridge.is_not_suppressed(key_columns, 'sent_rows.row_key') }}
        and sent_entry.key not in ('{{ key_columns | join("', '") }}', 'user_alias')
        {%- if on_removed == 'false' %}
        and to_json(sent_entry.value) = 'true'
        {%- else %}
        and to_json(sent_entry.value) <> 'null'
        {%- endif %}

),

removed_rows as (

    select
        row_key as _row_key,
        'removed' as change,
        listagg(
            ',' || to_json(to_variant(name))
            || '{{ ':false' if on_removed == 'false' else ':null' }}',
            ''
        ) within group (order by name) as members,
        '' as kept_members,
        row_hash,
        count(*) as data_points,
        1 as key_count,
        null as problem
    from removed_entries
    group by row_key, row_hash

),

{% endif -%}
pending as (

    select * from present_rows
    {%- if on_removed != 'ignore' %}
    union all
    select * from removed_rows
    {%- endif %}

)

select
    _row_key as row_key,
    change,
    '{' || {{ braze_bridge.identifier(key_columns, mode) }} || members || '}' as payload,
    iff(
        change = 'removed',
        null,
        '{' || {{ braze_bridge.row_json_key(key_columns) }} || kept_members || '}'
    ) as row_json,
    row_hash,
    data_points,
    key_count,
    problem
from pending
{%- endmacro %}


{% macro snowflake__attribute_name(key) -%}
    iff({{ key }} = upper({{ key }}), lower({{ key }}), {{ key }})
{%- endmacro %}


{# One value as the JSON text that travels. #}
{% macro snowflake__attribute_json(value) -%}
    case
        when typeof({{ value }}) = 'TIMESTAMP_NTZ'
            then to_json(to_variant(to_char(
                cast({{ value }} as timestamp_ntz), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"'
            )))
        when typeof({{ value }}) in ('TIMESTAMP_TZ', 'TIMESTAMP_LTZ')
            then to_json(to_variant(to_char(
                convert_timezone('UTC', cast({{ value }} as timestamp_tz)),
                'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"'
            )))
        when typeof({{ value }}) = 'DATE'
            then to_json(to_variant(to_char(cast({{ value }} as date), 'YYYY-MM-DD')))
        else to_json({{ value }})
    end
{%- endmacro %}


{% macro snowflake__is_no_number(value) -%}
    iff(
        typeof({{ value }}) = 'DOUBLE'
        and cast({{ value }} as float) in (
            cast('NaN' as float), cast('inf' as float), cast('-inf' as float)
        ),
        true,
        false
    )
{%- endmacro %}


{# Adds data_points to entries {name, value}: see data_points.sql. #}
{% macro snowflake__priced_entries(entries) -%}
priced_entries as (

    select
        {{ entries }}.row_key,
        {{ entries }}.row_hash,
        {{ entries }}.is_resync,
        {{ entries }}.name,
        {{ entries }}.value,
        {{ entries }}.sent_value,
        {{ entries }}.is_no_number,
        case
            when {{ entries }}.name in ({{ braze_bridge.names_without_data_points() }}) then 0
            when startswith({{ entries }}.value, '{') then greatest(1, count(inner_entry.key))
            when startswith({{ entries }}.value, '[{')
                then greatest(
                    1, coalesce(sum(array_size(object_keys(inner_entry.value))), 0)
                )
            else 1
        end as data_points
    from {{ entries }},
        lateral flatten(input => try_parse_json({{ entries }}.value), outer => true)
            as inner_entry
    group by all

)
{%- endmacro %}
