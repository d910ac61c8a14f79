with

orders as (

    select * from {{ ref('int_adventureworks__order_lines_aggregated_to_order') }}

),

territories as (

    select * from {{ ref('int_adventureworks__territories_localised') }}

),

{# The files have no addresses: a customer lives where the last order was sold. #}
latest_orders as (

    select *
    from orders
    qualify
        row_number() over (
            partition by customer_id
            order by order_date desc, order_id desc
        ) = 1

),

joined as (

    select
        latest_orders.customer_id,
        territories.country,
        territories.territory
    from latest_orders
    inner join territories
        on latest_orders.territory_id = territories.territory_id

)

select * from joined
