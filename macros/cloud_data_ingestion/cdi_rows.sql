{#
    What Braze is shown: the columns that its Cloud Data Ingestion wants and no other, of the
    rows that it may read. A view, on a table that offered_rows() fills.

    offered  the table's relation
    object   attributes, events, purchases, catalog or deletions; as the table has it
    user     as the table has it

    Rows of suppressed users are taken away, but those that delete them. Of a catalog's item
    only the last version is shown: it travels whole, and the order in which Braze applies
    two is not promised.
#}
{% macro cdi_rows(offered, object, user='external_id') -%}
select
    {#- Snowflake's TIMESTAMP_NTZ, in UTC: the type that Braze's tables have. #}
    offered.updated_at,
    {%- for name in braze_bridge.offered_column_names(object, user) %}
    offered.{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ offered }} as offered
where
    offered.is_offered
    {%- if object == 'catalog' %}
qualify row_number() over (partition by offered.row_key order by offered.updated_at desc) = 1
    {%- elif object != 'deletions' %}
    and not exists (
        select 1
        from {{ ref('ledger_suppressed_users') }} as suppressed
        where suppressed.user_hash = offered.user_hash
    )
    {%- endif %}
{%- endmacro %}


{# Who is offered for deletion is never to be written to again, by no way. A build that ends
   before this has run says it with the next one. Of other tables it says nothing. #}
{% macro suppress_offered_deletions(offered) -%}
    {%- set ledger = ref('ledger_suppressed_users') -%}
    {%- if ((config.get('meta') or {}).get('cloud_data_ingestion') or {}).object == 'deletions' -%}
insert into {{ ledger }} (user_hash, run_id, suppressed_at)
select distinct user_hash, 'cloud_data_ingestion', {{ braze_bridge.run_time() }}
from {{ offered }}
where
    is_offered
    and user_hash not in (
        select user_hash from {{ ledger }}
        where user_hash is not null and run_id is distinct from 'currents'
    )
    {%- endif -%}
{%- endmacro %}
