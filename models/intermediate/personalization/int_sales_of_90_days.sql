with

order_lines as (

    select * from {{ ref('int_order_lines_sold') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

sales as (

    select
        order_lines.external_id,
        order_lines.order_id,
        order_lines.product_id,
        products.category,
        products.brand,
        order_lines.quantity
    from order_lines
    inner join products
        on order_lines.product_id = products.product_id
    where
        not order_lines.is_refund
        and order_lines.ordered_at >= {{ as_of_date() }} - interval '90 days'

)

select * from sales
