with

message_events as (

    select
        *,
        action in ('opened', 'clicked', 'replied') and not is_machine as is_engagement,
        occurred_at >= {{ as_of_date() }} - interval '30 days' as is_in_30_days,
        occurred_at >= {{ as_of_date() }} - interval '90 days' as is_in_90_days
    from {{ ref('engagement_message_events') }}
    where external_id is not null

),

aggregated as (

    select
        external_id,
        min(case when action = 'sent' then occurred_at end) as first_sent_at,
        max(case when action = 'sent' then occurred_at end) as last_sent_at,
        max(case when action = 'opened' and is_engagement then occurred_at end)
            as last_opened_at,
        max(case when action = 'clicked' and is_engagement then occurred_at end)
            as last_clicked_at,
        max(case when is_engagement then occurred_at end) as last_engaged_at,
        count(case when is_in_30_days and action = 'sent' then 1 end)
            as count_sent_30_days,
        count(case when is_in_30_days and action = 'opened' and not is_machine then 1 end)
            as count_opens_30_days,
        count(case when is_in_30_days and action = 'opened' and is_machine then 1 end)
            as count_machine_opens_30_days,
        count(case when is_in_30_days and action = 'clicked' and not is_machine then 1 end)
            as count_clicks_30_days,
        count(case when is_in_30_days and action = 'clicked' and is_machine then 1 end)
            as count_machine_clicks_30_days,
        count(case when is_in_90_days and action = 'sent' then 1 end)
            as count_sent_90_days
    from message_events
    group by external_id

),

channels as (

    select
        external_id,
        channel
    from message_events
    where is_engagement and is_in_90_days
    group by external_id, channel
    qualify
        row_number() over (
            partition by external_id
            order by count(*) desc, channel
        ) = 1

),

{# Words, not days: a number of days would change for everyone every night. #}
bucketed as (

    select
        aggregated.*,
        channels.channel as preferred_channel,
        case
            when last_engaged_at is null then 'never'
            when cast(last_engaged_at as date) > {{ as_of_date() }} - interval '7 days'
                then 'last 7 days'
            when cast(last_engaged_at as date) > {{ as_of_date() }} - interval '30 days'
                then 'last 30 days'
            when cast(last_engaged_at as date) > {{ as_of_date() }} - interval '90 days'
                then 'last 90 days'
            else 'longer ago'
        end as message_engagement
    from aggregated
    left join channels
        on aggregated.external_id = channels.external_id

)

select * from bucketed
