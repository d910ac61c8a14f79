with

message_events as (

    select *
    from {{ ref('engagement_message_events') }}
    where channel = 'email' and email is not null

),

last_signs as (

    select
        email,
        max(case when action = 'bounced' then occurred_at end) as bounced_at,
        max(case
            when action in ('delivered', 'clicked', 'replied') then occurred_at
        end) as arrived_at
    from message_events
    group by email

),

{# A mailbox that took a message later is alive again. #}
undeliverable as (

    select
        email,
        bounced_at
    from last_signs
    where bounced_at is not null and (arrived_at is null or arrived_at < bounced_at)

)

select * from undeliverable
