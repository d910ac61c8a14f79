with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

members as (

    select external_id
    from attributes
    where
        value_tier = 'high'
        and loyalty_tier in ('silver', 'gold', 'platinum')

)

{{ audience('members', holdout=10) }}
