with

orders as (

    select * from {{ ref('int_orders_valued') }}

),

{# An order whose every article came back is no purchase. #}
purchases as (

    select *
    from orders
    where status = 'completed' and order_amount > 0

)

select * from purchases
