with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

cards as (

    select * from {{ ref('int_loyalty_cards_matched') }}

),

{# A lost card is replaced: the last one registered is in the customer's pocket. #}
cards_in_use as (

    select
        external_id,
        card_number
    from cards
    where external_id is not null
    qualify
        row_number() over (
            partition by external_id
            order by registered_at desc nulls last, issued_at desc nulls last, card_number desc
        ) = 1

),

{# Movable Ink knows a person by the id that Braze has, so that both mean the same one. #}
mapped as (

    select
        customers.external_id,
        customers.external_id as mi_u,
        customers.email,
        cards_in_use.card_number as loyalty_card
    from customers
    left join cards_in_use
        on customers.external_id = cards_in_use.external_id

)

select * from mapped
