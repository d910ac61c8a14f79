with

products as (

    select * from {{ ref('raw_products') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('product_id') }} as product_id,

        ---------- texts
        {{ proper_case(blank_to_null('product_name')) }} as product_name,
        {{ proper_case(blank_to_null('category')) }} as category,
        {{ blank_to_null('brand') }} as brand,

        ---------- numbers
        {{ clean_amount('price') }} as price_amount,
        try_cast({{ blank_to_null('stock_quantity') }} as integer) as stock_quantity,

        ---------- booleans
        coalesce({{ clean_boolean('is_active') }}, false) as is_active,

        ---------- dates
        {{ parse_date('launched_on') }} as launched_date
    from products

)

select * from cleaned
