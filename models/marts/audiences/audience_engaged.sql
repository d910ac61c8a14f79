with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

engagement as (

    select * from {{ ref('engagement_customers') }}

),

members as (

    select attributes.external_id
    from attributes
    inner join engagement
        on attributes.external_id = engagement.external_id
    where engagement.message_engagement in ('last 7 days', 'last 30 days')

)

{{ audience('members') }}
