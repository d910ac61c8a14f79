{#
    Braze adds up the revenue of purchases and of e-commerce events: no order may leave
    as both, and none that brought money may be missing.
#}
with

lines as (

    select lines.*
    from {{ ref('int_order_lines_sold') }} as lines
    inner join {{ ref('int_customers_deduplicated') }} as customers
        on lines.external_id = customers.external_id
    where not customers.is_test_account

),

expected as (

    select
        sum(case when is_refund then -1 else 1 end * quantity * unit_price_amount) as revenue
    from lines

),

events as (

    select
        {{ json_member('properties', 'order_id') }} as order_id,
        case when name = 'ecommerce.order_refunded' then -1 else 1 end
        * cast({{ json_member('properties', 'total_value') }} as decimal(18, 2)) as revenue
    from {{ ref('braze_custom_events') }}
    where name in ('ecommerce.order_placed', 'ecommerce.order_refunded')

),

purchases as (

    select
        {{ json_member('properties', 'order_id') }} as order_id,
        price * quantity as revenue
    from {{ ref('braze_purchases') }}

),

said as (

    select
        (select coalesce(sum(revenue), 0) from events)
        + (select coalesce(sum(revenue), 0) from purchases) as revenue

)

select 'in both: ' || order_id as problem
from events
where order_id in (select order_id from purchases)
union all
select 'revenue is ' || said.revenue || ', not ' || expected.revenue
from said
cross join expected
where said.revenue <> expected.revenue
