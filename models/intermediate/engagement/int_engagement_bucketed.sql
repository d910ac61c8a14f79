with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

orders as (

    select * from {{ ref('int_orders_aggregated_to_customer') }}

),

web_events as (

    select * from {{ ref('int_web_events_aggregated_to_customer') }}

),

messages as (

    select * from {{ ref('engagement_customers') }}

),

activities as (

    select
        external_id,
        last_order_at as active_at
    from orders
    union all
    select
        external_id,
        last_seen_at as active_at
    from web_events
    union all
    select
        external_id,
        last_engaged_at as active_at
    from messages

),

last_activities as (

    select
        customers.external_id,
        cast(max(activities.active_at) as date) as last_active_date
    from customers
    left join activities
        on customers.external_id = activities.external_id
    group by customers.external_id

),

{# Words, not days: a number of days would change for everyone every night. #}
bucketed as (

    select
        external_id,
        case
            when last_active_date is null then 'never'
            when last_active_date > {{ as_of_date() }} - interval '7 days'
                then 'last 7 days'
            when last_active_date > {{ as_of_date() }} - interval '30 days'
                then 'last 30 days'
            when last_active_date > {{ as_of_date() }} - interval '90 days'
                then 'last 90 days'
            else 'longer ago'
        end as recent_engagement
    from last_activities

)

select * from bucketed
