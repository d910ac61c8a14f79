with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

{# A returned article has a negative quantity and lowers the order's amount. #}
order_amounts as (

    select
        order_id,
        sum(quantity) as count_articles,
        cast(sum(quantity * unit_price_amount) as decimal(18, 2)) as order_amount
    from order_items
    where quantity is not null and unit_price_amount is not null
    group by all

),

{# Orders of nobody we know, without a believable time or without lines say nothing. #}
valued as (

    select
        orders.order_id,
        accounts.external_id,
        orders.store_id,
        orders.status,
        orders.currency,
        orders.channel,
        order_amounts.count_articles,
        order_amounts.order_amount,
        orders.ordered_at
    from orders
    inner join accounts
        on orders.customer_id = accounts.customer_id
    inner join order_amounts
        on orders.order_id = order_amounts.order_id
    where orders.ordered_at is not null

)

select * from valued
