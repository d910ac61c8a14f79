with

cards as (

    select * from {{ ref('int_loyalty_cards_matched') }}

),

signups as (

    select * from {{ ref('stg_shop__newsletter_signups') }}

),

customers as (

    select * from {{ ref('braze_customer_attributes') }}

),

aliases as (

    select * from {{ ref('braze_user_aliases') }}

),

{# Braze merges no card into a profile that has one already. #}
registered_cards as (

    select
        customers.external_id,
        'loyalty_card' as alias_label,
        cards.card_number as alias_name,
        cast(null as varchar) as email,
        cards.registered_at as changed_at
    from cards
    inner join customers
        on cards.external_id = customers.external_id
    left join aliases
        on cards.external_id = aliases.external_id
    where
        cards.was_anonymous
        and aliases.external_id is null
    qualify
        row_number() over (
            partition by customers.external_id
            order by cards.registered_at, cards.card_number
        ) = 1

),

{# The newsletter form knows an address only; its profile is found by it. #}
subscribers as (

    select
        customers.external_id,
        cast(null as varchar) as alias_label,
        cast(null as varchar) as alias_name,
        customers.email,
        min(signups.signed_up_at) as changed_at
    from signups
    inner join customers
        on signups.email = customers.email
    group by
        customers.external_id,
        customers.email

),

identified as (

    select * from registered_cards
    union all
    select * from subscribers

),

{# Among several profiles with one address, the one that nobody owns is meant. #}
final as (

    select
        external_id,
        alias_label,
        alias_name,
        email,
        case
            when email is not null then ['unidentified', 'most_recently_updated']
        end as prioritization,
        changed_at
    from identified

)

select * from final
