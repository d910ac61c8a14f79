with

orders as (

    select * from {{ ref('int_adventureworks__order_lines_aggregated_to_order') }}

),

aggregated as (

    select
        customer_id,
        cast(count(*) as integer) as orders_count,
        cast(sum(order_amount) as decimal(18, 2)) as lifetime_value,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from orders
    group by all

)

select * from aggregated
