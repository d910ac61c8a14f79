{#
    The rows that need no look (`changed_since`, a column of the mart that says when a row
    last changed): what Braze has was read from the mart after that, and the last run that
    completed began a day after it.

    The day is for what becomes visible later than its own time: a transaction that commits
    late, a clock of another zone. A row without a time, an unknown one, one that a full
    resync or an option of ours marked, and one of a run that nobody knows, is always
    compared.
#}
{% macro settled_ctes(mart, key_columns, changed_since, sync) -%}
sending_runs as (

    select
        run_id,
        started_at,
        max(case when outcome = 'completed' then started_at end) over () as last_started_at
    from {{ ref('ledger_runs') }}
    where sync = '{{ sync }}'

),

mart_changes as (

    select
        {{ braze_bridge.row_key(key_columns) }} as row_key,
        cast({{ changed_since }} as datetime) as changed_at
    from {{ mart }}

),

settled_rows as (

    select mart_changes.row_key, mart_changes.changed_at
    from mart_changes
    inner join sent_rows on mart_changes.row_key = sent_rows.row_key
    inner join sending_runs on sent_rows.run_id = sending_runs.run_id
    where
        sent_rows.row_hash <> ''
        and sent_rows.row_hash not like '%:%'
        and mart_changes.changed_at <= sending_runs.started_at
        and mart_changes.changed_at <= sending_runs.last_started_at - interval '1 day'

),
{%- endmacro %}


{# The mart on DuckDB without the rows that need no look, and without the column itself. #}
{% macro duckdb__unsettled_rows(mart, key_columns, changed_since) -%}
    {%- if not changed_since -%}
        {{ mart }}
    {%- else -%}
        (
            select * exclude ({{ changed_since }})
            from {{ mart }}
            where
                (
                    ({{ braze_bridge.row_key(key_columns) }}, cast({{ changed_since }} as timestamp))
                    in (select (row_key, changed_at) from settled_rows)
                ) is not true
        )
    {%- endif -%}
{%- endmacro %}


{# The ledger's columns that the comparison reads. #}
{% macro sent_columns(options, changed_since) -%}
    {{- return(
        ['row_key', 'row_hash', 'row_json']
        + (['sent_times'] if options.min_interval else [])
        + (['run_id'] if changed_since else [])
    ) -}}
{%- endmacro %}
