with

purchases as (

    select * from {{ ref('int_orders_purchased') }}

),

last_three_purchases as (

    select *
    from purchases
    qualify
        row_number() over (
            partition by external_id
            order by ordered_at desc, order_id desc
        ) <= 3

),

shaped as (

    select
        external_id,
        order_id,
        ordered_at,
        {{ object_of({
            'order_id': 'order_id',
            'ordered_at': iso_time('ordered_at'),
            'amount': 'order_amount',
            'articles': 'cast(count_articles as integer)',
        }) }} as purchase
    from last_three_purchases

),

aggregated as (

    select
        external_id,
        {{ array_of('purchase', order_by='ordered_at desc, order_id desc') }}
            as recent_orders
    from shaped
    group by all

)

select * from aggregated
