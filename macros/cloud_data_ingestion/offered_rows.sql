{#
    A table that Braze's Cloud Data Ingestion reads: pending rows, appended by each build.

        {{ offered_rows(pending_rows(ref('braze_customer_attributes'))) }}

    pending  the call that makes the pending rows: pending_rows(), pending_events(),
             pending_purchases(), pending_catalog_items() or pending_deletions()
    user     who the rows are about: external_id, braze_id, email, phone or user_alias;
             whatever the call of the pending rows says. Not for catalogs.

    `meta.cloud_data_ingestion` says the rest: object (attributes, events, purchases, catalog,
    deletions) and, as meta.sync does, mode, missing_user and first_run.

    The table is its own ledger: Braze does not tell what it has pulled, so what was offered
    counts as said. One statement appends the rows and remembers them, so that no crash can
    do one without the other. docs/cloud-data-ingestion.md says what each column holds.
#}
{% macro offered_rows(pending, user='external_id') -%}
    {%- set object = braze_bridge.offered_object(user) -%}
    {{- braze_bridge.check_offered_once() -}}
    {#- The append is the acknowledgement: no flag may wipe it. -#}
    {{- config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        post_hook='{{ braze_bridge.suppress_offered_deletions(this) }}',
    ) -}}
    {%- set is_occurrence = object in ['events', 'purchases'] -%}
    {%- set is_adopting = is_occurrence and not is_incremental()
        and braze_bridge.sync_option('first_run', 'adopt') == 'adopt' -%}
with pending as (

    {{ pending }}

),

{# Whole seconds, so that no coarser clock of Braze's can confuse two builds; and later than
   all that is there, or Braze would never read the rows. #}
moment as (

    select
        {%- if is_incremental() %}
        greatest(
            date_trunc('second', {{ braze_bridge.run_time() }}),
            coalesce(
                max(updated_at) + interval '1 second',
                date_trunc('second', {{ braze_bridge.run_time() }})
            )
        ) as updated_at
    from {{ this }}
        {%- else %}
        date_trunc('second', {{ braze_bridge.run_time() }}) as updated_at
        {%- endif %}

),

shaped as (

    select
        pending.*,
        {{ braze_bridge.offered_columns(object, user) }},
        {{ braze_bridge.offered_user_hash(object, user) }} as user_hash,
        {{ braze_bridge.offered_problem(object) }} as offered_problem
    from pending

)

select
    moment.updated_at,
    {%- for name in braze_bridge.offered_column_names(object, user) %}
    shaped.offered_{{ name }} as {{ name }},
    {%- endfor %}
    {#- A definition of a catalog is the ledger's business; so is history that is adopted. #}
    shaped.offered_problem is null
    {%- if object == 'catalog' %} and shaped.operation in ('items', 'items_delete'){% endif %}
    {%- if is_adopting %} and not shaped.adoptable{% endif %} as is_offered,
    shaped.row_key,
    shaped.change,
    shaped.row_hash,
    shaped.row_json,
    shaped.user_hash,
    shaped.offered_problem as problem
from shaped
cross join moment
{%- if is_incremental() %}
{#- A row with a problem is told once, not with each build. #}
left join (
    select distinct row_key, row_hash from {{ this }} where problem is not null
) as told
    on shaped.row_key = told.row_key and shaped.row_hash = told.row_hash
where told.row_hash is null
{%- endif %}
{%- endmacro %}


{# What the delta takes for acknowledged: of a sync the ledger's rows, of a table that Braze
   reads the last version of each row in it. #}
{% macro sent_versions(sync, columns) -%}
    {%- if braze_bridge.is_offered_model() and 'run_id' in columns -%}
        {{- exceptions.raise_compiler_error(
            model.name ~ ': pending_rows: changed_since is for rows that are pushed'
        ) -}}
    {%- endif -%}
    {%- if not braze_bridge.is_offered_model() %}
    select {{ columns | join(', ') }}
    from {{ ref('ledger_sent_rows') }}
    where sync = '{{ sync }}'
    {%- elif is_incremental() %}
    select {{ columns | join(', ') }}
    from (
        select
            *,
            row_number() over (partition by row_key order by updated_at desc) as version
        from {{ this }}
        where problem is null
    ) as versions
    {#- Of a row that was removed nothing is left to know. #}
    where version = 1 and row_json is not null
    {%- else %}
    select
        {%- for column in columns %}
        cast(null as varchar) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endif %}
{%- endmacro %}


{% macro is_offered_model() -%}
    {{- return('cloud_data_ingestion' in (config.get('meta') or {})) -}}
{%- endmacro %}


{% macro offered_object(user) -%}
    {%- set meta = (config.get('meta') or {}).get('cloud_data_ingestion') or {} -%}
    {%- set known = {
        'object': ['attributes', 'events', 'purchases', 'catalog', 'deletions'],
        'mode': ['upsert', 'update'],
        'missing_user': ['create', 'skip'],
        'first_run': ['adopt', 'send'],
    } -%}
    {%- set faults = [] -%}
    {%- for key, value in dict({'object': none}, **meta).items() -%}
        {%- if value not in known.get(key, []) -%}
            {%- do faults.append(
                key ~ " '" ~ value ~ "' is none of " ~ known.get(key, known.keys()) | join(', ')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {#- Braze's table of deletions has no column for an address. -#}
    {%- set users = ['external_id', 'braze_id', 'user_alias'] -%}
    {%- if meta.object != 'deletions' %}{% do users.extend(['email', 'phone']) %}{% endif -%}
    {%- if user not in users -%}
        {%- do faults.append("user '" ~ user ~ "' is none of " ~ users | join(', ')) -%}
    {%- endif -%}
    {#- While dbt parses, the properties of the model are not read yet. -#}
    {%- if faults and execute -%}
        {{- exceptions.raise_compiler_error(
            model.name ~ ': meta.cloud_data_ingestion: ' ~ faults | join('; ')
        ) -}}
    {%- endif -%}
    {{- return(meta.object) -}}
{%- endmacro %}


{# Two ways to Braze for one mart: each would overwrite what the other knows nothing of. #}
{% macro check_offered_once() -%}
    {%- set pending = model.name | replace('__offered', '') ~ '__pending' -%}
    {%- if execute and graph.get('nodes') -%}
        {%- if pending in graph.nodes.values() | map(attribute='name') | list -%}
            {{- exceptions.raise_compiler_error(
                model.name ~ ': ' ~ pending ~ ' delivers the same mart; switch one of them off'
            ) -}}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# A part of a value is right only on top of the part before, and Braze does not promise in
   which order it applies the rows that it pulls at once. #}
{% macro check_offered_options(options) -%}
    {%- for option, value in options.items() if value and braze_bridge.is_offered_model() -%}
        {{- exceptions.raise_compiler_error(
            model.name ~ ': pending_rows: ' ~ option ~ ' is for rows that are pushed'
        ) -}}
    {%- endfor -%}
{%- endmacro %}
