with

cards as (

    select * from {{ ref('raw_loyalty_cards') }}

),

cleaned as (

    select
        ---------- ids
        upper({{ blank_to_null('card_number') }}) as card_number,
        {{ blank_to_null('customer_id') }} as customer_id,

        ---------- timestamps
        {{ parse_timestamp('issued_at') }} as issued_at,
        {{ parse_timestamp('registered_at') }} as registered_at
    from cards

)

select * from cleaned
