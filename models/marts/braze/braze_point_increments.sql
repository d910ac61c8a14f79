with

bookings as (

    select * from {{ ref('stg_shop__loyalty_points') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

sendable_customers as (

    select external_id
    from {{ ref('int_customers_deduplicated') }}
    where not is_test_account

),

final as (

    select
        bookings.booking_id as increment_key,
        sendable_customers.external_id,
        'loyalty_points' as attribute,
        bookings.points as amount,
        bookings.booked_at as time
    from bookings
    inner join accounts
        on bookings.customer_id = accounts.customer_id
    inner join sendable_customers
        on accounts.external_id = sendable_customers.external_id
    where bookings.points <> 0

)

select * from final
