with

consents as (

    select * from {{ ref('stg_shop__consents') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

{# A change whose meaning or moment is unreadable changes nothing. #}
readable_consents as (

    select *
    from consents
    where is_opted_in is not null and changed_at is not null

),

{# Of a yes and a no of the same moment the no counts. #}
latest as (

    select
        accounts.external_id,
        readable_consents.channel,
        readable_consents.is_opted_in,
        readable_consents.changed_at
    from readable_consents
    inner join accounts
        on readable_consents.customer_id = accounts.customer_id
    qualify
        row_number() over (
            partition by accounts.external_id, readable_consents.channel
            order by
                readable_consents.changed_at desc,
                readable_consents.is_opted_in,
                readable_consents.consent_id desc
        ) = 1

)

select * from latest
