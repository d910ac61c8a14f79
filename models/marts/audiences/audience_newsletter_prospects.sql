with

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

consents as (

    select * from {{ ref('int_consents_latest') }}

),

{# Never asked: who once said no is not asked again. #}
members as (

    select attributes.external_id
    from attributes
    left join consents
        on
            attributes.external_id = consents.external_id
            and consents.channel = 'email'
    where
        attributes.email is not null
        and consents.external_id is null

)

{{ audience('members') }}
