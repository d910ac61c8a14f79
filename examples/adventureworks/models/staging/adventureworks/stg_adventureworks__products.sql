with

products as (

    select * from {{ source('adventureworks', 'products') }}

),

cleaned as (

    select
        ---------- ids
        {{ braze_bridge.blank_to_null('ProductKey') }} as product_id,
        {{ braze_bridge.blank_to_null('ProductSubcategoryKey') }} as subcategory_id,

        ---------- texts
        {{ braze_bridge.blank_to_null('ProductName') }} as product_name,
        {{ braze_bridge.blank_to_null('ModelName') }} as model_name,
        {{ braze_bridge.blank_to_null('ProductDescription') }} as product_description,
        nullif({{ braze_bridge.blank_to_null('ProductColor') }}, 'NA') as colour,
        {#- A product without sizes has the size 0. #}
        nullif({{ braze_bridge.blank_to_null('ProductSize') }}, '0') as size,

        ---------- numbers
        {#- Not clean_amount: these have up to four decimals, 33.6442. #}
        try_cast({{ braze_bridge.blank_to_null('ProductPrice') }} as decimal(18, 4))
            as unit_price
    from products

)

select * from cleaned
