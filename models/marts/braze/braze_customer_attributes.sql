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

orders as (

    select * from {{ ref('int_orders_aggregated_to_customer') }}

),

recent_orders as (

    select * from {{ ref('int_recent_orders_aggregated_to_customer') }}

),

categories as (

    select * from {{ ref('int_categories_aggregated_to_customer') }}

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

{# A nested object with one unknown value would be dropped whole by Braze. #}
describable_stores as (

    select
        store_id,
        {{ object_of({
            'store_id': 'store_id',
            'name': 'store_name',
            'city': 'city',
            'country': 'country',
        }) }} as home_store
    from stores
    where store_name is not null and city is not null and country is not null

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
        case
            when
                sendable_customers.loyalty_tier
                in ('basic', 'bronze', 'silver', 'gold', 'platinum')
                then sendable_customers.loyalty_tier
        end as loyalty_tier,
        case
            when orders.lifetime_value >= 1000 then 'high'
            when orders.lifetime_value >= 250 then 'medium'
            when orders.lifetime_value > 0 then 'low'
            else 'none'
        end as value_tier,
        engagement.recent_engagement,
        categories.favourite_categories,
        coalesce(orders.orders_count, 0) as orders_count,
        cast(coalesce(orders.lifetime_value, 0) as decimal(18, 2)) as lifetime_value,
        round(cast(orders.lifetime_value / orders.orders_count as double), 2)
            as average_basket,
        coalesce(newsletter_consents.is_opted_in, false) as is_newsletter_subscriber,
        sendable_customers.birth_date as dob,
        cast(orders.first_order_at as date) as first_order_date,
        orders.last_order_at,
        describable_stores.home_store,
        recent_orders.recent_orders
    from sendable_customers
    inner join places
        on sendable_customers.external_id = places.external_id
    left join describable_stores
        on sendable_customers.home_store_id = describable_stores.store_id
    left join orders
        on sendable_customers.external_id = orders.external_id
    left join recent_orders
        on sendable_customers.external_id = recent_orders.external_id
    left join categories
        on sendable_customers.external_id = categories.external_id
    left join engagement
        on sendable_customers.external_id = engagement.external_id
    left join newsletter_consents
        on sendable_customers.external_id = newsletter_consents.external_id

)

select * from final
