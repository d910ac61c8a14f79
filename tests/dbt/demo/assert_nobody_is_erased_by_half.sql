{#
    Protects who asked to be erased: of a person whose one account is deleted, no other
    account keeps a profile.
#}
with

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

deletions as (

    select external_id from {{ ref('braze_user_deletions') }}

),

erased_people as (

    select distinct accounts.external_id
    from accounts
    inner join deletions
        on accounts.customer_id = deletions.external_id

)

select accounts.customer_id
from accounts
inner join erased_people
    on accounts.external_id = erased_people.external_id
left join deletions
    on accounts.customer_id = deletions.external_id
where deletions.external_id is null
