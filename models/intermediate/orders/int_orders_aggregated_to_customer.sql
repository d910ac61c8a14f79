with

purchases as (

    select * from {{ ref('int_orders_purchased') }}

),

aggregated as (

    select
        external_id,
        cast(count(*) as integer) as orders_count,
        cast(sum(order_amount) as decimal(18, 2)) as lifetime_value,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at
    from purchases
    group by all

)

select * from aggregated
