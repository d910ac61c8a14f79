with

products as (

    select * from {{ ref('int_products_ranked') }}

),

final as (

    select
        product_id as sku,
        product_name as name,
        category,
        brand,
        price_amount as price,
        {# Not the number of articles: it would put every product again with each sale. #}
        is_in_stock,
        is_active,
        launched_date as launched_on,
        sales_rank
    from products

)

select * from final
