with

order_items as (

    select * from {{ ref('raw_order_items') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('order_item_id') }} as order_item_id,
        {{ blank_to_null('order_id') }} as order_id,
        {{ blank_to_null('product_id') }} as product_id,

        ---------- numbers
        try_cast({{ blank_to_null('quantity') }} as integer) as quantity,
        {{ clean_amount('unit_price') }} as unit_price_amount
    from order_items

)

select * from cleaned
