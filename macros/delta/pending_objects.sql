{#
    The pending rows of every object whose rows travel whole: events, purchases,
    catalog items, cohort members, subscription states, identity changes, deletions.
    pending_events() and its siblings call this; a model calls one of those.

    mart         the mart's relation
    row_key      what identifies a row, an expression over the mart's columns
    parts        expressions over the mart's columns: payload, row_json; and, where the
                 object has them, operation, scope, user_key, user_keys, sort_key,
                 problem, data_points, adoptable, reach. docs/pending-rows.md says what
                 each one holds.
    once         true: a key that was sent is never sent again, whatever becomes of it
    removed      parts for a row that left the mart, over the ledger's row_key and
                 row_json, and `where` to choose among them; none sends nothing
    definitions  a select of rows that must arrive before the others (the catalog of the
                 items, the cohort of the members): row_key, payload, row_json,
                 operation, scope, problem
#}
{% macro pending_objects(mart, row_key, parts, once=false, removed=none, definitions=none) -%}
    {{- adapter.dispatch('pending_objects', 'braze_bridge')(
        mart, row_key, parts, once, removed, definitions, braze_bridge.sync_name()
    ) -}}
{%- endmacro %}


{% macro duckdb__pending_objects(mart, row_key, parts, once, removed, definitions, sync) -%}
with sent_rows as not materialized (

    select row_key, row_hash, row_json
    from {{ ref('ledger_sent_rows') }}
    where sync = '{{ sync }}'

),

unknown_rows as (

    select row_key
    from {{ ref('ledger_unknown_rows') }}
    where sync = '{{ sync }}'

),

given_up_rows as (

    select (row_key, row_hash) as version
    from {{ ref('ledger_rejected_rows') }}
    where sync = '{{ sync }}' and {{ braze_bridge.is_given_up() }}

),

suppressed_users as (

    select user_hash from {{ ref('ledger_suppressed_users') }}

),

mart_rows as not materialized (

    select
        columns(lambda name: not starts_with(name, '_null_')),
        {{ row_key }} as _row_key,
        cast(hash(typeof(_mart_row), *columns(*)) as varchar) as _row_hash
    from (
        select
            *,
            columns(*) is null as "_null_\0"
        from {{ mart }}
    ) as _mart_row

),

{# `is not true`: a row without a key is offered, and a guard names it. #}
offered_rows as materialized (

    select
        mart_rows.*,
        sent_rows.row_key is not null as _is_known,
        coalesce(sent_rows.row_hash = '', false) as _is_resync,
        sent_rows.row_json as _sent_json
    from mart_rows
    left join sent_rows on mart_rows._row_key = sent_rows.row_key
    where
        {% if once -%}
        sent_rows.row_key is null
        {%- else -%}
        mart_rows._row_hash is distinct from sent_rows.row_hash
        {%- endif %}
        and (mart_rows._row_key in (select row_key from unknown_rows)) is not true
        and ((mart_rows._row_key, mart_rows._row_hash) in (select version from given_up_rows)) is not true

),

key_counts as (

    select _row_key, count(*) as key_count
    from mart_rows
    where _row_key in (select _row_key from offered_rows)
    group by _row_key

),

built_rows as (

    select
        offered_rows._row_key as row_key,
        case when _is_known then 'changed' else 'added' end as change,
        {{ parts.payload }} as payload,
        {{ parts.row_json }} as row_json,
        _row_hash as row_hash,
        {{ parts.data_points or '0' }} as data_points,
        coalesce(key_counts.key_count, 1) as key_count,
        {{ parts.problem or 'cast(null as varchar)' }} as problem,
        {{ parts.operation or 'cast(null as varchar)' }} as operation,
        {{ parts.scope or 'cast(null as varchar)' }} as scope,
        {{ parts.user_key or 'cast(null as varchar)' }} as user_key,
        {{ parts.user_keys or 'cast(null as varchar[])' }} as user_keys,
        {{ parts.sort_key or 'cast(null as varchar)' }} as sort_key,
        {{ parts.adoptable or 'false' }} as adoptable,
        {{ parts.reach or 'cast(null as bigint)' }} as reach,
        _is_resync,
        _sent_json
    from offered_rows
    left join key_counts on offered_rows._row_key = key_counts._row_key

),

mart_pending as (

    select * exclude (_is_resync, _sent_json)
    from built_rows
    where
        change = 'added'
        or _is_resync
        or key_count > 1
        or (
            row_json is distinct from _sent_json
            and {{ braze_bridge.duckdb__canonical_json('row_json') }}
            is distinct from {{ braze_bridge.duckdb__canonical_json('_sent_json') }}
        )

)
{%- if definitions %},

desired_definitions as (

    {{ definitions }}

),

definition_pending as (

    select
        desired_definitions.row_key,
        case when sent_rows.row_key is null then 'added' else 'changed' end as change,
        desired_definitions.payload,
        desired_definitions.row_json,
        md5(desired_definitions.row_json) as row_hash,
        0 as data_points,
        1 as key_count,
        desired_definitions.problem,
        desired_definitions.operation,
        desired_definitions.scope,
        cast(null as varchar) as user_key,
        cast(null as varchar[]) as user_keys,
        cast(null as varchar) as sort_key,
        false as adoptable,
        cast(null as bigint) as reach
    from desired_definitions
    left join sent_rows on desired_definitions.row_key = sent_rows.row_key
    where
        sent_rows.row_key is null
        or sent_rows.row_hash = ''
        or desired_definitions.row_json <> sent_rows.row_json

)
{%- endif %}
{%- if removed %},

removed_pending as (

    select
        row_key,
        'removed' as change,
        {{ removed.payload }} as payload,
        {{ removed.row_json or 'cast(null as varchar)' }} as row_json,
        row_hash,
        0 as data_points,
        1 as key_count,
        cast(null as varchar) as problem,
        {{ removed.operation or 'cast(null as varchar)' }} as operation,
        {{ removed.scope or 'cast(null as varchar)' }} as scope,
        {{ removed.user_key or 'cast(null as varchar)' }} as user_key,
        cast(null as varchar[]) as user_keys,
        cast(null as varchar) as sort_key,
        false as adoptable,
        cast(null as bigint) as reach
    from sent_rows
    where
        row_key not in (select _row_key from mart_rows where _row_key is not null)
        and (row_key, row_hash) not in (select version from given_up_rows)
        and row_key not in (select row_key from unknown_rows)
        {%- if removed.where %}
        and {{ removed.where }}
        {%- endif %}

)
{%- endif %},

all_pending as (

    select * from mart_pending
    {%- if definitions %}
    union all by name
    select * from definition_pending
    {%- endif %}
    {%- if removed %}
    union all by name
    select * from removed_pending
    {%- endif %}

)

select *
from all_pending
where
    ({{ braze_bridge.user_hash('user_key') }} in (select user_hash from suppressed_users)) is not true
{%- endmacro %}
