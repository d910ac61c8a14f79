with

orders as (

    select * from {{ ref('int_orders_valued') }}

),

{# An order whose every article came back is no purchase. #}
purchases as (

    select *
    from orders
    where status = 'completed' and order_amount > 0

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
