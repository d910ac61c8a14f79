with

consents as (

    select * from {{ ref('int_consents_latest') }}

),

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

)

{# E-mail and push are states of the whole channel; for SMS Braze knows groups only. #}
select
    consents.external_id,
    case consents.channel when 'sms' then 'sms_offers' else consents.channel end
        as subscription_group,
    case
        when not consents.is_opted_in then 'unsubscribed'
        when consents.channel = 'sms' then 'subscribed'
        else 'opted_in'
    end as state,
    consents.changed_at as consented_at
from consents
inner join customers
    on consents.external_id = customers.external_id
where
    consents.channel in ('email', 'push', 'sms')
    and not customers.is_test_account
