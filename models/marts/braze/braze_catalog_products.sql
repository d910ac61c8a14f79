with

products as (

    select * from {{ ref('stg_shop__products') }}

),

final as (

    select
        product_id as id,
        product_name as name,
        category,
        brand,
        price_amount as price,
        {# Not the number of articles: it would send every product again with each sale. #}
        coalesce(stock_quantity > 0, false) as is_in_stock,
        is_active,
        launched_date as launched_on
    from products

)

select * from final
