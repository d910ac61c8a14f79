{# The rows that left the mart: see `removed` in pending_objects.sql. Unless it says what to
   keep, the ledger forgets them. #}
{% macro removed_ctes(removed) -%}
removed_rows as (

    select sent_rows.*
    from sent_rows
    left join given_up_rows
        on sent_rows.row_key = given_up_rows.row_key
        and sent_rows.row_hash = given_up_rows.row_hash
    left join unknown_rows on sent_rows.row_key = unknown_rows.row_key
    where
        given_up_rows.row_key is null
        and unknown_rows.row_key is null
        and sent_rows.row_key not in (
            select _row_key from mart_rows where _row_key is not null
        )

),

removed_pending as (

    select
        row_key,
        'removed' as change,
        row_hash,
        1 as key_count,
        {{ braze_bridge.pending_parts(removed, row_json='null') }}
    from removed_rows
    {%- if removed.where %}
    where {{ removed.where }}
    {%- endif %}

)
{%- endmacro %}
