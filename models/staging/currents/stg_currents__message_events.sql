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
        campaign_id,
        canvas_id,
        send_id,

        ---------- texts
        event_type,
        channel,
        action,
        campaign_name,
        canvas_name,
        lower(trim(email_address)) as email,
        url,

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
