with

requests as (

    select * from {{ ref('stg_shop__erasure_requests') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

{# A person asks under one account and means all of them. An account that the shop no
   longer knows may still have a profile. #}
requested_people as (

    select
        requests.requested_at,
        coalesce(accounts.external_id, requests.customer_id) as external_id
    from requests
    left join accounts
        on requests.customer_id = accounts.customer_id
    where requests.customer_id is not null

),

erased_ids as (

    select
        requested_people.external_id as customer_id,
        requested_people.requested_at
    from requested_people
    union all
    select
        accounts.customer_id,
        requested_people.requested_at
    from requested_people
    inner join accounts
        on requested_people.external_id = accounts.external_id

),

first_requests as (

    select
        customer_id,
        min(requested_at) as requested_at
    from erased_ids
    group by customer_id

)

select * from first_requests
