with

sales as (

    select * from {{ ref('int_sales_of_90_days') }}

),

totals as (

    select
        external_id,
        cast(count(distinct order_id) as integer) as num_orders,
        cast(sum(quantity) as integer) as num_articles
    from sales
    group by external_id

),

{# Most bought first; of two bought equally often the first in the alphabet. #}
top_categories as (

    select
        external_id,
        category,
        row_number() over (
            partition by external_id
            order by sum(quantity) desc, category
        ) as place
    from sales
    where category is not null
    group by external_id, category
    qualify place <= 3

),

top_brands as (

    select
        external_id,
        brand,
        row_number() over (
            partition by external_id
            order by sum(quantity) desc, brand
        ) as place
    from sales
    where brand is not null
    group by external_id, brand
    qualify place <= 3

),

category_lists as (

    select
        external_id,
        {{ array_of('category', order_by='place') }} as categories
    from top_categories
    group by external_id

),

brand_lists as (

    select
        external_id,
        {{ array_of('brand', order_by='place') }} as brands
    from top_brands
    group by external_id

),

shaped as (

    select
        totals.external_id,
        {{ object_of({
            'num_orders': 'totals.num_orders',
            'num_articles': 'totals.num_articles',
            'top_categories': 'category_lists.categories',
            'top_brands': 'brand_lists.brands',
        }) }} as summary
    from totals
    left join category_lists
        on totals.external_id = category_lists.external_id
    left join brand_lists
        on totals.external_id = brand_lists.external_id

)

select * from shaped
