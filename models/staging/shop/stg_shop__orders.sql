with

orders as (

    select * from {{ ref('raw_orders') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('order_id') }} as order_id,
        {{ blank_to_null('customer_id') }} as customer_id,
        {{ blank_to_null('store_id') }} as store_id,

        ---------- texts
        case lower({{ blank_to_null('status') }})
            when 'complete' then 'completed'
            when 'shipped' then 'completed'
            when 'paid' then 'completed'
            when 'canceled' then 'cancelled'
            else lower({{ blank_to_null('status') }})
        end as status,
        upper({{ blank_to_null('currency') }}) as currency,
        lower({{ blank_to_null('channel') }}) as channel,

        ---------- timestamps
        {{ parse_timestamp('ordered_at') }} as ordered_at
    from orders

)

select * from cleaned
