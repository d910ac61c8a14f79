with

cards as (

    select * from {{ ref('int_loyalty_cards_matched') }}

),

customers as (

    select * from {{ ref('braze_customer_attributes') }}

),

{# Of a replaced card the last one counts. #}
cards_of_customers as (

    select
        cards.external_id,
        cards.card_number,
        cards.registered_at as changed_at
    from cards
    inner join customers
        on cards.external_id = customers.external_id
    where not cards.was_anonymous
    qualify
        row_number() over (
            partition by cards.external_id
            order by cards.registered_at desc nulls last, cards.card_number desc
        ) = 1

),

{# Handed out at the till: a profile that has the card alone, until it is identified. #}
cards_of_strangers as (

    select
        cast(null as varchar) as external_id,
        card_number,
        issued_at as changed_at
    from cards
    where was_anonymous

),

all_cards as (

    select * from cards_of_customers
    union all
    select * from cards_of_strangers

),

final as (

    select
        external_id,
        'loyalty_card' as alias_label,
        card_number as alias_name,
        changed_at
    from all_cards

)

select * from final
