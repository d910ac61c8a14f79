with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

{# Bought once, but neither bought nor looked in for three months. #}
members as (

    select external_id
    from attributes
    where
        orders_count > 0
        and recent_engagement = 'longer ago'

)

{{ audience('members', holdout=10) }}
