with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

orders as (

    select * from {{ ref('int_orders_aggregated_to_customer') }}

),

recent_orders as (

    select * from {{ ref('int_recent_orders_aggregated_to_customer') }}

),

categories as (

    select * from {{ ref('int_categories_aggregated_to_customer') }}

),

joined as (

    select
        customers.external_id,
        case
            when orders.lifetime_value >= 1000 then 'high'
            when orders.lifetime_value >= 250 then 'medium'
            when orders.lifetime_value > 0 then 'low'
            else 'none'
        end as value_tier,
        categories.favourite_categories,
        coalesce(orders.orders_count, 0) as orders_count,
        cast(coalesce(orders.lifetime_value, 0) as decimal(18, 2)) as lifetime_value,
        round(cast(orders.lifetime_value / orders.orders_count as double), 2)
            as average_basket,
        cast(orders.first_order_at as date) as first_order_date,
        orders.last_order_at,
        recent_orders.recent_orders
    from customers
    left join orders
        on customers.external_id = orders.external_id
    left join recent_orders
        on customers.external_id = recent_orders.external_id
    left join categories
        on customers.external_id = categories.external_id

)

select * from joined
