with

purchases as (

    select * from {{ ref('int_orders_purchased') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

bought_categories as (

    select
        purchases.external_id,
        products.category,
        sum(order_items.quantity) as count_articles
    from purchases
    inner join order_items
        on purchases.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id
    where products.category is not null
    group by all

),

{# Most bought first; of two bought equally often the first in the alphabet. #}
top_three as (

    select
        external_id,
        category,
        row_number() over (
            partition by external_id
            order by count_articles desc, category
        ) as category_rank
    from bought_categories
    where count_articles > 0
    qualify category_rank <= 3

),

aggregated as (

    select
        external_id,
        {{ array_of('category', order_by='category_rank') }} as favourite_categories
    from top_three
    group by all

)

select * from aggregated
