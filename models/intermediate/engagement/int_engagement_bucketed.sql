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

last_activities as (

    select
        customers.external_id,
        cast(
            greatest(
                coalesce(orders.last_order_at, web_events.last_seen_at),
                coalesce(web_events.last_seen_at, orders.last_order_at)
            ) as date
        ) as last_active_date
    from customers
    left join orders
        on customers.external_id = orders.external_id
    left join web_events
        on customers.external_id = web_events.external_id

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
