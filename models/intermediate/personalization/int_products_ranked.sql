with

products as (

    select * from {{ ref('stg_shop__products') }}

),

sold as (

    select
        product_id,
        sum(quantity) as count_sold
    from {{ ref('int_sales_of_90_days') }}
    group by product_id

),

{# What can be bought first, then what sold most: one place for each, so no list wavers. #}
ranked as (

    select
        products.*,
        coalesce(products.stock_quantity > 0, false) as is_in_stock,
        cast(row_number() over (
            order by
                products.is_active desc,
                coalesce(products.stock_quantity > 0, false) desc,
                coalesce(sold.count_sold, 0) desc,
                products.product_id
        ) as integer) as sales_rank
    from products
    left join sold
        on products.product_id = sold.product_id

)

select * from ranked
