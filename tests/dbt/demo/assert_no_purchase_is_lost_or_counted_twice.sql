{#
    Protects lifetime value: folding accounts and joining articles must neither lose
    nor repeat a purchase. Test accounts are left out on both sides.
#}
with

purchases as (

    select * from {{ ref('int_orders_purchased') }}

),

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

expected as (

    select
        purchases.external_id,
        count(*) as orders_count,
        sum(purchases.order_amount) as lifetime_value
    from purchases
    inner join {{ ref('int_customers_deduplicated') }} as customers
        on purchases.external_id = customers.external_id
    where not customers.is_test_account
    group by all

)

select
    expected.external_id,
    expected.orders_count,
    attributes.orders_count as sent_orders_count
from expected
left join attributes
    on expected.external_id = attributes.external_id
where
    expected.orders_count is distinct from attributes.orders_count
    or expected.lifetime_value is distinct from attributes.lifetime_value
