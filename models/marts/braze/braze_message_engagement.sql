with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

engagement as (

    select * from {{ ref('engagement_customers') }}

)

{# Of our own customers alone: a profile that is in no mart is not ours to make again. #}
select
    attributes.external_id,
    engagement.message_engagement,
    engagement.preferred_channel
from attributes
inner join engagement
    on attributes.external_id = engagement.external_id
