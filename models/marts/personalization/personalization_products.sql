with

products as (

    select * from {{ ref('stg_shop__products') }}

),

sales as (

    select
        product_id,
        sum(quantity) as count_sold
    from {{ ref('int_order_lines_sold') }}
    where
        not is_refund
        and ordered_at >= {{ as_of_date() }} - interval '90' day
    group by product_id

),

final as (

    select
        products.product_id as sku,
        products.product_name as name,
        products.category,
        products.brand,
        products.price_amount as price,
        {# Not the number of articles: it would put every product again with each sale. #}
        coalesce(products.stock_quantity > 0, false) as is_in_stock,
        products.is_active,
        products.launched_date as launched_on,
        cast(row_number() over (
            partition by products.category
            order by
                products.is_active desc,
                coalesce(sales.count_sold, 0) desc,
                products.product_id
        ) as integer) as category_rank
    from products
    left join sales
        on products.product_id = sales.product_id

)

select * from final
