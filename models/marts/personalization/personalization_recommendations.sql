with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

purchases as (

    select * from {{ ref('int_purchases_joined_to_customer') }}

),

summaries as (

    select * from {{ ref('int_customers_summarised_90_days') }}

),

recommended_products as (

    select * from {{ ref('int_products_recommended_to_customer') }}

),

newest_product as (

    select
        {{ object_of({
            'sku': 'product_id',
            'name': 'product_name',
            'brand': 'brand',
            'launched_on': iso_date('launched_date'),
        }) }} as product
    from {{ ref('int_products_ranked') }}
    where is_active and is_in_stock and launched_date <= {{ as_of_date() }}
    order by launched_date desc, product_id
    limit 1

),

final as (

    select
        customers.external_id as user_id,
        {# A name that is not known whole is not said at all. #}
        customers.first_name || ' ' || customers.last_name as full_name,
        purchases.lifetime_value,
        {# In steps of a quarter: a risk that grew by the day would put every record daily. #}
        cast(case
            when purchases.last_order_at >= {{ as_of_date() }} - interval '90 days' then 0
            when purchases.last_order_at >= {{ as_of_date() }} - interval '180 days' then 0.25
            when purchases.last_order_at >= {{ as_of_date() }} - interval '270 days' then 0.5
            when purchases.last_order_at >= {{ as_of_date() }} - interval '365 days' then 0.75
            when purchases.last_order_at is not null then 1
        end as double) as churn_risk,
        summaries.summary as "90_day_summary",
        {{ object_of({
            'products': 'recommended_products.products',
            'new_arrival': 'newest_product.product',
        }) }} as recommendations
    from customers
    inner join purchases
        on customers.external_id = purchases.external_id
    inner join recommended_products
        on customers.external_id = recommended_products.external_id
    left join newest_product
        on true
    left join summaries
        on customers.external_id = summaries.external_id
    where not customers.is_test_account

)

select * from final
