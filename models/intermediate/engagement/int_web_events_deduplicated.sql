with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

{# The site may deliver an event twice: the copies are alike, one is enough. #}
first_deliveries as (

    select *
    from web_events
    where event_id is not null and occurred_at is not null
    qualify
        row_number() over (
            partition by event_id
            order by occurred_at, customer_id nulls last, session_id
        ) = 1

),

identified as (

    select
        first_deliveries.event_id,
        accounts.external_id,
        first_deliveries.session_id,
        first_deliveries.product_id,
        first_deliveries.event_name,
        first_deliveries.category,
        first_deliveries.search_term,
        first_deliveries.platform,
        first_deliveries.occurred_at
    from first_deliveries
    inner join accounts
        on first_deliveries.customer_id = accounts.customer_id

)

select * from identified
