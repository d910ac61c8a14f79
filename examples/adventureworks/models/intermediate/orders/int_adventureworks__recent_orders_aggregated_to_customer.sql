with

orders as (

    select * from {{ ref('int_adventureworks__order_lines_aggregated_to_order') }}

),

{# Some customers ordered twice on one day; the higher number is the later order. #}
last_three_orders as (

    select *
    from orders
    qualify
        row_number() over (
            partition by customer_id
            order by order_date desc, order_id desc
        ) <= 3

),

shaped as (

    select
        customer_id,
        order_id,
        order_date,
        {{ braze_bridge.object_of({
            'order_id': 'order_id',
            'ordered_on': 'order_date',
            'amount': 'order_amount',
            'articles': 'articles_count',
        }) }} as customer_order
    from last_three_orders

),

aggregated as (

    select
        customer_id,
        {{ braze_bridge.array_of(
            'customer_order', order_by='order_date desc, order_id desc'
        ) }} as recent_orders
    from shaped
    group by all

)

select * from aggregated
