with

categories as (

    select * from {{ source('adventureworks', 'product_categories') }}

),

cleaned as (

    select
        {{ braze_bridge.blank_to_null('ProductCategoryKey') }} as category_id,
        {{ braze_bridge.blank_to_null('CategoryName') }} as category
    from categories

)

select * from cleaned
