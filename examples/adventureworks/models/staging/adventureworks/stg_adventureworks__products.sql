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

        ---------- numbers
        {#- Not clean_amount: these have up to four decimals, 33.6442. #}
        try_cast({{ braze_bridge.blank_to_null('ProductPrice') }} as decimal(18, 4))
            as unit_price
    from products

)

select * from cleaned
