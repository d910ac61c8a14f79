with

attributes as (

    select * from {{ ref('adventureworks_customer_attributes') }}

),

members as (

    select external_id
    from attributes
    where value_tier = 'high'

)

{{ braze_bridge.audience('members', holdout=10) }}
