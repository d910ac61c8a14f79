with

products as (

    select * from {{ ref('stg_adventureworks__products') }}

),

subcategories as (

    select * from {{ ref('stg_adventureworks__product_subcategories') }}

),

categories as (

    select * from {{ ref('stg_adventureworks__product_categories') }}

),

{# What a product costs the shop stays in the shop. #}
final as (

    select
        products.product_id as id,
        products.product_name as name,
        products.model_name as model,
        products.product_description as description,
        categories.category,
        subcategories.subcategory,
        products.colour,
        products.size,
        products.unit_price as price
    from products
    left join subcategories
        on products.subcategory_id = subcategories.subcategory_id
    left join categories
        on subcategories.category_id = categories.category_id

)

select * from final
