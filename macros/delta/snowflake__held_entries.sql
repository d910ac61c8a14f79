{# Values that may not be sent again yet (min_interval): see duckdb__held_rows.sql. #}
{% macro snowflake__held_entries(min_interval) -%}
waiting_entries as (

    select
        *,
        cast(get(sent_times, name) as varchar) as sent_time,
        case name
            {%- for name, interval in min_interval.items() %}
            when '{{ name }}'
                then not is_resync and sent_value is not null and sysdate()
                    < {{ braze_bridge.read_iso_time('sent_time') }} + interval '{{ interval }}'
            {%- endfor %}
        end as is_waiting
    from known_entries

),

held_entries as (

    select
        _row_key,
        _row_hash,
        is_known,
        is_resync,
        key_count,
        name,
        iff(coalesce(is_waiting, false), sent_value, value) as value,
        sent_value,
        sent_time,
        coalesce(is_waiting and sent_value <> value, false) as is_held
    from waiting_entries

)
{%- endmacro %}


{# When each attribute with a minimum interval was last sent, as a JSON object over the
   entries of a row: now for those that leave, and as the ledger has it for the others. #}
{% macro snowflake__sent_times(min_interval, is_leaving) -%}
    {%- set now -%}
        to_char(sysdate(), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"')
    {%- endset -%}
    {%- set time = "iff(" ~ is_leaving ~ ", " ~ now ~ ", sent_time)" -%}
    '{' || coalesce(listagg(
        case
            when name in ('{{ min_interval | join("', '") }}') and {{ time }} is not null
                then {{ braze_bridge.json_text('name') }} || ':"' || {{ time }} || '"'
        end,
        ','
    ) within group (order by name), '') || '}'
{%- endmacro %}
