with

order_lines as (

    select * from {{ ref('stg_adventureworks__order_lines') }}

),

products as (

    select * from {{ ref('stg_adventureworks__products') }}

),

subcategories as (

    select * from {{ ref('stg_adventureworks__product_subcategories') }}

),

categories as (

    select * from {{ ref('stg_adventureworks__product_categories') }}

),

{# The files hold no price of the day: an old order is valued at today's price. #}
valued as (

    select
        order_lines.order_id,
        order_lines.order_line_number,
        order_lines.customer_id,
        order_lines.territory_id,
        order_lines.product_id,
        products.product_name,
        categories.category,
        order_lines.quantity,
        products.unit_price,
        order_lines.quantity * products.unit_price as line_amount,
        order_lines.order_date
    from order_lines
    inner join products
        on order_lines.product_id = products.product_id
    inner join subcategories
        on products.subcategory_id = subcategories.subcategory_id
    inner join categories
        on subcategories.category_id = categories.category_id

)

select * from valued
