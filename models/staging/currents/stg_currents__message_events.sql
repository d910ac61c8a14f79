with

message_events as (

    {{ currents_message_events() | indent(4) }}

),

cleaned as (

    select
        ---------- ids
        id as event_id,
        user_id,
        nullif(external_user_id, '') as external_id,
        nullif(campaign_id, '') as campaign_id,
        nullif(canvas_id, '') as canvas_id,
        nullif(send_id, '') as send_id,

        ---------- texts
        event_type,
        channel,
        action,
        nullif(campaign_name, '') as campaign_name,
        nullif(canvas_name, '') as canvas_name,
        nullif(lower(trim(email_address)), '') as email,
        nullif(url, '') as url,

        ---------- booleans
        coalesce(lower(trim(machine_open)) = 'true', false)
        or coalesce(is_suspected_bot_click, false) as is_machine,

        ---------- timestamps
        {{ currents_moment('time') }} as occurred_at,

        ---------- what is wrong with it
        {{ currents_set_aside('time') }} as set_aside
    from message_events

)

select * from cleaned
