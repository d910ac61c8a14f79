with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

consents as (

    select * from {{ ref('int_consents_latest') }}

),

{# What people said to Braze counts as well; subscribed is but what everybody begins with. #}
heard as (

    select *
    from {{ ref('int_consent_heard') }}
    where subscription_group = 'email' and state <> 'subscribed'

),

{# Never asked: who once said no is not asked again. #}
members as (

    select attributes.external_id
    from attributes
    left join consents
        on
            attributes.external_id = consents.external_id
            and consents.channel = 'email'
    left join heard
        on attributes.external_id = heard.external_id
    where
        attributes.email is not null
        and consents.external_id is null
        and heard.external_id is null

)

{{ audience('members') }}
