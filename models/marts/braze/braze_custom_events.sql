with

orders as (

    select * from {{ ref('int_orders_described') }}

),

web_events as (

    select * from {{ ref('int_web_events_described') }}

),

sendable_customers as (

    select external_id
    from {{ ref('int_customers_deduplicated') }}
    where not is_test_account

),

unioned as (

    select
        event_key,
        external_id,
        name,
        occurred_at,
        properties
    from orders
    where not {{ is_sent_as_purchase('channel') }}
    union all
    select
        'web/' || event_id as event_key,
        external_id,
        name,
        occurred_at,
        properties
    from web_events

),

final as (

    select
        unioned.event_key,
        unioned.external_id,
        unioned.name,
        unioned.occurred_at as time,
        unioned.properties
    from unioned
    inner join sendable_customers
        on unioned.external_id = sendable_customers.external_id

)

select * from final
