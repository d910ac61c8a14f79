with

message_events as (

    select * from {{ ref('stg_currents__message_events') }}

),

users as (

    select * from {{ ref('int_currents_users') }}

),

{# Whose event it is may be known better than when it happened: the anonymous user has
   signed in since, or was merged into another. #}
identified as (

    select
        message_events.event_id,
        message_events.channel,
        message_events.action,
        coalesce(users.external_id, message_events.external_id) as external_id,
        coalesce(users.surviving_user_id, message_events.user_id) as user_id,
        message_events.campaign_id,
        message_events.campaign_name,
        message_events.canvas_id,
        message_events.canvas_name,
        message_events.send_id,
        message_events.email,
        message_events.url,
        message_events.is_machine,
        message_events.occurred_at
    from message_events
    left join users
        on message_events.user_id = users.user_id
    where message_events.set_aside is null

)

select * from identified
