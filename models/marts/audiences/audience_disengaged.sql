with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

engagement as (

    select * from {{ ref('engagement_customers') }}

),

{# Whom we write to often, and for long enough to know. #}
members as (

    select attributes.external_id
    from attributes
    inner join engagement
        on attributes.external_id = engagement.external_id
    where
        engagement.message_engagement in ('longer ago', 'never')
        and engagement.count_sent_90_days >= 5
        and engagement.first_sent_at < {{ as_of_date() }} - interval '90 days'

)

{{ audience('members') }}
