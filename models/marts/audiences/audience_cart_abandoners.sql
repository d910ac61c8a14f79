with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

web_events as (

    select * from {{ ref('int_web_events_deduplicated') }}

),

last_carts as (

    select
        external_id,
        max(occurred_at) as last_cart_at
    from web_events
    where
        event_name = 'add_to_cart'
        and occurred_at >= {{ as_of_date() }} - interval '30 days'
    group by all

),

members as (

    select last_carts.external_id
    from last_carts
    inner join attributes
        on last_carts.external_id = attributes.external_id
    where
        attributes.last_order_at is null
        or attributes.last_order_at < last_carts.last_cart_at

)

{{ audience('members') }}
