with

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

orders as (

    select * from {{ ref('int_orders_valued') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

{# An order that is pending may yet be cancelled, and what Braze was told stays told. #}
lines as (

    select
        order_items.order_item_id,
        order_items.order_id,
        orders.external_id,
        order_items.product_id,
        products.product_name,
        order_items.quantity,
        order_items.unit_price_amount,
        orders.status,
        orders.currency,
        orders.channel,
        orders.ordered_at
    from order_items
    inner join orders
        on order_items.order_id = orders.order_id
    inner join products
        on order_items.product_id = products.product_id
    where
        orders.status in ('completed', 'returned')
        and order_items.quantity <> 0
        and order_items.unit_price_amount is not null

),

sales as (

    select
        order_item_id as line_key,
        order_id,
        external_id,
        false as is_refund,
        product_id,
        product_name,
        quantity,
        unit_price_amount,
        currency,
        channel,
        ordered_at
    from lines
    where quantity > 0

),

{# A negative quantity came back from an order that was kept; of a returned order
   everything did. #}
refunds as (

    select
        order_item_id || '/refund' as line_key,
        order_id,
        external_id,
        true as is_refund,
        product_id,
        product_name,
        abs(quantity) as quantity,
        unit_price_amount,
        currency,
        channel,
        ordered_at
    from lines
    where
        (status = 'completed' and quantity < 0)
        or (status = 'returned' and quantity > 0)

),

unioned as (

    select * from sales
    union all
    select * from refunds

)

select * from unioned
