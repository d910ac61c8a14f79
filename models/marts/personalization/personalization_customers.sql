with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

purchases as (

    select * from {{ ref('int_purchases_joined_to_customer') }}

),

stores as (

    select * from {{ ref('int_stores_localised') }}

),

points as (

    select
        external_id,
        cast(sum(amount) as integer) as points
    from {{ ref('braze_point_increments') }}
    group by external_id

),

last_orders as (

    select *
    from {{ ref('int_orders_purchased') }}
    qualify
        row_number() over (
            partition by external_id
            order by ordered_at desc, order_id desc
        ) = 1

),

described_orders as (

    select
        external_id,
        {{ object_of({
            'order_id': 'order_id',
            'ordered_at': iso_time('ordered_at'),
            'amount': 'order_amount',
            'articles': 'cast(count_articles as integer)',
        }) }} as last_order
    from last_orders

),

final as (

    select
        customers.external_id as user_id,
        customers.email,
        {{ object_of({
            'tier': 'customers.loyalty_tier',
            'points': 'coalesce(points.points, 0)',
        }) }} as loyalty,
        purchases.value_tier,
        purchases.favourite_categories,
        purchases.orders_count,
        purchases.lifetime_value,
        purchases.first_order_date as customer_since,
        stores.store_object as home_store,
        described_orders.last_order
    from customers
    inner join purchases
        on customers.external_id = purchases.external_id
    left join stores
        on customers.home_store_id = stores.store_id
    left join points
        on customers.external_id = points.external_id
    left join described_orders
        on customers.external_id = described_orders.external_id
    where not customers.is_test_account

)

select * from final
