with

subcategories as (

    select * from {{ source('adventureworks', 'product_subcategories') }}

),

cleaned as (

    select
        {{ braze_bridge.blank_to_null('ProductSubcategoryKey') }} as subcategory_id,
        {{ braze_bridge.blank_to_null('ProductCategoryKey') }} as category_id,
        {{ braze_bridge.blank_to_null('SubcategoryName') }} as subcategory
    from subcategories

)

select * from cleaned
