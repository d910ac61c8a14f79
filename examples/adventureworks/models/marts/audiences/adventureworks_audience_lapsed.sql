with

attributes as (

    select * from {{ ref('adventureworks_customer_attributes') }}

),

{# The files end in 2017: the last order in them is "today". #}
last_day as (

    select max(last_order_date) as today from attributes

),

members as (

    select attributes.external_id
    from attributes
    cross join last_day
    where attributes.last_order_date < last_day.today - interval '180 days'

)

{{ braze_bridge.audience('members') }}
