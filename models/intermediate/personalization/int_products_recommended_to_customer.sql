with

customers as (

    select external_id from {{ ref('int_customers_deduplicated') }}

),

products as (

    select *
    from {{ ref('int_products_ranked') }}
    where is_active and is_in_stock and price_amount is not null

),

sales as (

    select * from {{ ref('int_sales_of_90_days') }}

),

liked_categories as (

    select distinct external_id, category from sales

),

{# The best of each category that somebody has bought of lately. #}
liked as (

    select
        liked_categories.external_id,
        products.product_id,
        1 as preference
    from liked_categories
    inner join products
        on liked_categories.category = products.category

),

top_ten as (

    select * from products
    order by sales_rank
    limit 10

),

{# For those who bought nothing lately, and where the categories have too little. #}
best_sellers as (

    select
        customers.external_id,
        top_ten.product_id,
        2 as preference
    from customers
    cross join top_ten

),

candidates as (

    select * from liked
    union all
    select * from best_sellers

),

{# Nobody is advised to buy what they have just bought. #}
advised as (

    select
        candidates.external_id,
        candidates.product_id,
        min(candidates.preference) as preference
    from candidates
    left join sales
        on candidates.external_id = sales.external_id
        and candidates.product_id = sales.product_id
    where sales.product_id is null
    group by candidates.external_id, candidates.product_id

),

ranked as (

    select
        advised.external_id,
        products.product_id,
        products.product_name,
        products.category,
        products.price_amount,
        row_number() over (
            partition by advised.external_id
            order by advised.preference, products.sales_rank
        ) as place
    from advised
    inner join products
        on advised.product_id = products.product_id
    qualify place <= 4

),

shaped as (

    select
        external_id,
        place,
        {{ object_of({
            'sku': 'product_id',
            'name': 'product_name',
            'category': 'category',
            'price': 'price_amount',
        }) }} as product
    from ranked

),

lists as (

    select
        external_id,
        {{ array_of('product', order_by='place') }} as products
    from shaped
    group by external_id

)

select * from lists
