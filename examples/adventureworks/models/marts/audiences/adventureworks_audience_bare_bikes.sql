with

attributes as (

    select * from {{ ref('adventureworks_customer_attributes') }}

),

members as (

    select external_id
    from attributes
    where favourite_categories = ['Bikes']

)

{{ braze_bridge.audience('members') }}
