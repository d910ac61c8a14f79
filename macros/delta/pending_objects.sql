{#
    The pending rows of every object whose rows travel whole: events, purchases,
    catalog items, cohort members, subscription states, identity changes, deletions.
    pending_events() and its siblings call this; a model calls one of those.

    mart           the mart's relation, or a select in parentheses
    row_key        what identifies a row, an expression over the mart's columns
    parts          expressions over the mart's columns, by the pending column that they
                   fill: payload; row_json where it differs from it; and, where the object
                   has them, operation, scope, user_key, user_keys, sort_key, problem,
                   data_points, adoptable, reach, waits. docs/pending-rows.md says what each
                   one holds.
    prepared       a select from the CTE offered_rows (the mart's rows to offer, with what
                   begins with an underscore) that adds columns for the parts to name;
                   none where the mart's own are enough
    due            a condition over the mart's columns, true of the rows that may leave now;
                   the others wait, but count among the rows of their key
    once           true: a key that was sent is never sent again, whatever becomes of it
    removed        parts of a row that left the mart, over the ledger's row_key and
                   row_json, and `where` to choose among them; none sends nothing. Where
                   there is `user_hash` (whose row it was), is_erased is a column for the
                   others to name
    definitions    a select of what must stand before the rows (the catalog of the items,
                   the cohort of the members): row_key, payload, row_json, operation,
                   scope, problem. It may read the CTEs mart_rows (the mart's columns and
                   _row_key) and sent_rows (the ledger's row_key and row_json). While a
                   definition has a problem, the rows of its scope are held back and the
                   definition stays pending, since a problem of the mart is mended there.
                   `removed.where` must leave the definitions alone.
    to_suppressed  true: suppressed users get theirs all the same (deletions)
    exact          true: a row is its text, so that the same JSON in another order or
                   spelling is another row (records, which are served as they were put)
#}
{% macro pending_objects(
    mart,
    row_key,
    parts,
    prepared=none,
    due=none,
    once=false,
    removed=none,
    definitions=none,
    to_suppressed=false,
    exact=false
) -%}
    {{- braze_bridge.check_pending_parts(parts) -}}
    {{- braze_bridge.check_pending_parts(removed or {}, also=['where', 'user_hash']) -}}
with sent_rows as {{ braze_bridge.not_materialized() }} (

    {{ braze_bridge.sent_versions(
        braze_bridge.sync_name(), ['row_key', 'row_hash', 'row_json']
    ) }}

),

given_up_rows as (

    select row_key, row_hash
    from {{ ref('ledger_rejected_rows') }}
    where sync = '{{ braze_bridge.sync_name() }}' and {{ braze_bridge.is_given_up() }}

),

unknown_rows as (

    select distinct row_key
    from {{ ref('ledger_unknown_rows') }}
    where sync = '{{ braze_bridge.sync_name() }}'

),

suppressed_users as (

    select distinct user_hash
    from {{ ref('ledger_suppressed_users') }}
    where user_hash is not null

),

mart_rows as {{ braze_bridge.not_materialized() }} (

    {{ braze_bridge.hashed_rows(mart, row_key, once) }}

),

differing_rows as (

    select
        mart_rows.*
        {{- braze_bridge.late_hash(once) }},
        sent_rows.row_key is not null as _is_known,
        {# A full resync empties the hashes: every row is sent again. #}
        coalesce(sent_rows.row_hash = '', false) as _is_resync
    from mart_rows
    left join sent_rows on mart_rows._row_key = sent_rows.row_key
    where
        {%- if once %}
        sent_rows.row_key is null
        {%- else %}
        mart_rows._row_hash is distinct from sent_rows.row_hash
        {%- endif %}

),

{# A row without a key is among them: a guard names it. #}
offered_rows as {{ braze_bridge.materialized() }} (

    select differing_rows.*
    from differing_rows
    left join given_up_rows
        on differing_rows._row_key = given_up_rows.row_key
        and differing_rows._row_hash = given_up_rows.row_hash
    left join unknown_rows on differing_rows._row_key = unknown_rows.row_key
    where
        given_up_rows.row_key is null
        and unknown_rows.row_key is null
        {%- if due %}
        and {{ due }}
        {%- endif %}

),

{# Those that stand once are not kept in memory. #}
key_counts as (

    select _row_key as counted_key, count(*) as count_rows
    from mart_rows
    where _row_key in (select _row_key from offered_rows)
    group by _row_key
    having count(*) > 1

),

{# Only these rows of the ledger are read with their JSON. #}
sent_versions as (

    select row_key as sent_key, row_json as sent_json
    from sent_rows
    where row_key in (select _row_key from offered_rows where _is_known)

),

{% if definitions -%}
{{ braze_bridge.definition_ctes(definitions) }},

{% endif -%}
prepared_rows as (

    {{ prepared or 'select * from offered_rows' }}

),

built_rows as (

    select
        prepared_rows._row_key as row_key,
        case when prepared_rows._is_known then 'changed' else 'added' end as change,
        prepared_rows._row_hash as row_hash,
        coalesce(key_counts.count_rows, 1) as key_count,
        {{ braze_bridge.pending_parts(parts) }},
        prepared_rows._is_resync as is_resync
    from prepared_rows
    left join key_counts on prepared_rows._row_key = key_counts.counted_key

),

mart_pending as (

    select {{ braze_bridge.pending_columns() }}
    from built_rows
    left join sent_versions on row_key = sent_key
    {%- if definitions %}
    left join held_scopes on scope = held_scope
    {%- endif %}
    where
        (
            sent_key is null
            or is_resync
            or key_count > 1
            {%- if exact %}
            or row_json is distinct from sent_json
            {%- else %}
            or (
                row_json is distinct from sent_json
                and not {{ braze_bridge.is_same_json('row_json', 'sent_json') }}
            )
            {%- endif %}
        )
        {%- if definitions %}
        and held_scope is null
        {%- endif %}

),
{%- if removed %}

{{ braze_bridge.removed_ctes(removed) }},
{%- endif %}

all_pending as (

    select {{ braze_bridge.pending_columns() }} from mart_pending
    {%- if definitions %}
    union all
    select {{ braze_bridge.pending_columns() }} from definition_pending
    {%- endif %}
    {%- if removed %}
    union all
    select {{ braze_bridge.pending_columns() }} from removed_pending
    {%- endif %}

)

select all_pending.*
from all_pending
{%- if not to_suppressed %}
left join suppressed_users
    on {{ braze_bridge.user_hash('all_pending.user_key') }} = suppressed_users.user_hash
where
    suppressed_users.user_hash is null
    {%- if parts.user_keys %}
    and {{ braze_bridge.is_none_suppressed('all_pending.user_keys') }}
    {%- endif %}
{%- endif %}
{%- endmacro %}
