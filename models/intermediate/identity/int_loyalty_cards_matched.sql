with

cards as (

    select * from {{ ref('stg_shop__loyalty_cards') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

{# A card of an account that the shop does not know is like one that nobody registered. #}
matched as (

    select
        cards.card_number,
        accounts.external_id,
        cards.issued_at,
        cards.registered_at,
        accounts.external_id is null
        or coalesce(cards.registered_at > cards.issued_at, false) as was_anonymous
    from cards
    left join accounts
        on cards.customer_id = accounts.customer_id

)

select * from matched
