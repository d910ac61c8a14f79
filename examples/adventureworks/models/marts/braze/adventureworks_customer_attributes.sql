with

customers as (

    select * from {{ ref('stg_adventureworks__customers') }}

),

territories as (

    select * from {{ ref('int_adventureworks__territories_joined_to_customer') }}

),

orders as (

    select * from {{ ref('int_adventureworks__orders_aggregated_to_customer') }}

),

categories as (

    select * from {{ ref('int_adventureworks__categories_aggregated_to_customer') }}

),

recent_orders as (

    select * from {{ ref('int_adventureworks__recent_orders_aggregated_to_customer') }}

),

final as (

    select
        customers.customer_id as external_id,
        customers.title,
        customers.first_name,
        customers.last_name,
        customers.email,
        customers.gender,
        territories.country,
        customers.marital_status,
        customers.education_level,
        customers.occupation,
        case
            when orders.lifetime_value >= 2500 then 'high'
            when orders.lifetime_value >= 250 then 'medium'
            when orders.lifetime_value > 0 then 'low'
            else 'none'
        end as value_tier,
        categories.favourite_categories,
        customers.annual_income,
        customers.total_children,
        coalesce(orders.orders_count, 0) as orders_count,
        cast(coalesce(orders.lifetime_value, 0) as decimal(18, 2)) as lifetime_value,
        round(cast(orders.lifetime_value / orders.orders_count as double), 2)
            as average_basket,
        customers.is_home_owner,
        customers.birth_date as dob,
        orders.first_order_date,
        orders.last_order_date,
        territories.territory as sales_territory,
        recent_orders.recent_orders
    from customers
    left join territories
        on customers.customer_id = territories.customer_id
    left join orders
        on customers.customer_id = orders.customer_id
    left join categories
        on customers.customer_id = categories.customer_id
    left join recent_orders
        on customers.customer_id = recent_orders.customer_id

)

select * from final
