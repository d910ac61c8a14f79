with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

nearest_stores as (

    select * from {{ ref('int_stores_nearest_to_customer') }}

),

{# Where the customer lives stays here: the nearest stores are all a message needs of it. #}
final as (

    select
        customers.external_id as user_id,
        nearest_stores.nearest_stores as nearest
    from customers
    inner join nearest_stores
        on customers.external_id = nearest_stores.external_id
    where not customers.is_test_account

)

select * from final
