with

orders as (

    select * from {{ ref('int_adventureworks__orders_described') }}

),

final as (

    select
        'order_placed/' || order_id as event_key,
        customer_id as external_id,
        'ecommerce.order_placed' as name,
        {# The files know the day only. #}
        cast(order_date as timestamp) as time,
        properties
    from orders

)

select * from final
