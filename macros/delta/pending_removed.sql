{# The rows that left the mart: see `removed` in pending_objects.sql. Unless it says what to
   keep, the ledger forgets them; what it keeps has a hash that is none of the mart's, so
   that a row that comes back as it was is another one than what stands in its place. #}
{% macro removed_ctes(removed) -%}
    {%- set row_hash = 'sent_rows.row_hash' -%}
    {%- if removed.row_json -%}
        {%- set mark = braze_bridge.removed_mark() -%}
        {%- set row_hash = "'" ~ mark ~ "' || replace(sent_rows.row_hash, '" ~ mark ~ "', '')" -%}
    {%- endif -%}
removed_rows as (

    select
        sent_rows.row_key,
        sent_rows.row_json,
        {#- Empty: a full resync sends everything again. #}
        sent_rows.row_hash as sent_hash,
        {{ row_hash }} as removed_hash
        {%- if removed.user_hash %},
        suppressed_users.user_hash is not null as is_erased
        {%- endif %}
    from sent_rows
    left join given_up_rows
        on sent_rows.row_key = given_up_rows.row_key
        and {{ row_hash }} = given_up_rows.row_hash
    left join unknown_rows on sent_rows.row_key = unknown_rows.row_key
    {%- if removed.user_hash %}
    left join suppressed_users on {{ removed.user_hash }} = suppressed_users.user_hash
    {%- endif %}
    where
        given_up_rows.row_key is null
        and unknown_rows.row_key is null
        and not exists (
            select 1 from mart_rows where mart_rows._row_key = sent_rows.row_key
        )

),

removed_pending as (

    select
        row_key,
        'removed' as change,
        removed_hash as row_hash,
        1 as key_count,
        {{ braze_bridge.pending_parts(removed, row_json='null') }}
    from removed_rows
    {%- if removed.where %}
    where {{ removed.where }}
    {%- endif %}

)
{%- endmacro %}
