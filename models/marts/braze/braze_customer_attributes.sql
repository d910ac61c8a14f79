with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

places as (

    select * from {{ ref('int_customers_localised') }}

),

stores as (

    select * from {{ ref('int_stores_localised') }}

),

purchases as (

    select * from {{ ref('int_purchases_joined_to_customer') }}

),

engagement as (

    select * from {{ ref('int_engagement_bucketed') }}

),

newsletter_consents as (

    select *
    from {{ ref('int_consents_latest') }}
    where channel = 'email'

),

{# Test accounts belong to our staff: a message to them would spoil every report. #}
sendable_customers as (

    select *
    from customers
    where not is_test_account

),

final as (

    select
        sendable_customers.external_id,
        sendable_customers.first_name,
        sendable_customers.last_name,
        sendable_customers.email,
        places.phone,
        sendable_customers.gender,
        places.country,
        places.language,
        sendable_customers.home_city,
        places.time_zone,
        sendable_customers.loyalty_tier,
        purchases.value_tier,
        engagement.recent_engagement,
        purchases.favourite_categories,
        purchases.orders_count,
        purchases.lifetime_value,
        purchases.average_basket,
        coalesce(newsletter_consents.is_opted_in, false) as is_newsletter_subscriber,
        sendable_customers.birth_date as dob,
        purchases.first_order_date,
        purchases.last_order_at,
        stores.store_object as home_store,
        purchases.recent_orders
    from sendable_customers
    inner join places
        on sendable_customers.external_id = places.external_id
    inner join purchases
        on sendable_customers.external_id = purchases.external_id
    inner join engagement
        on sendable_customers.external_id = engagement.external_id
    left join stores
        on sendable_customers.home_store_id = stores.store_id
    left join newsletter_consents
        on sendable_customers.external_id = newsletter_consents.external_id

)

select * from final
